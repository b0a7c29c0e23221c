/** Market data between its source and the two who play it: the plugin, ahead, and the host, behind. */
import { recordBytes, recordOffsets } from "../protocol/records.ts";
import type { MarketData } from "../recording/market_data.ts";

interface Batch {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export class RecordQueue {
  readonly #batches: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  readonly #isWanted: (index: number, kind: number) => boolean;
  readonly #waiting: Batch[] = [];
  readonly #place: { view: DataView; at: number } = { view: new DataView(new ArrayBuffer(0)), at: 0 };
  #at = 0;
  #waitingRecords = 0;
  #isAtEnd = false;
  #lastUs = -Infinity;
  #played = 0;

  /** @param isWanted whether the plugin subscribed to this kind of this instrument */
  constructor(data: MarketData, isWanted: (index: number, kind: number) => boolean) {
    const batches = data.batches();
    this.#batches = Symbol.asyncIterator in batches
      ? batches[Symbol.asyncIterator]()
      : batches[Symbol.iterator]();
    this.#isWanted = isWanted;
  }

  /** Nothing more will be read. */
  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  /** Receive time of the newest record that was read. */
  get lastUs(): number {
    return this.#lastUs;
  }

  /** Receive time of the next record to play; Infinity for none. */
  get nextUs(): number {
    const batch = this.#waiting[0];
    return batch === undefined ? Infinity : batch.view.getFloat64(this.#at + recordOffsets.tsRecvUs, true);
  }

  /** Records taken so far. */
  get played(): number {
    return this.#played;
  }

  /** Reads on until about this many records wait; returns those that the plugin wants of what was read. */
  async fill(records: number): Promise<Uint8Array> {
    const read: Uint8Array[] = [];
    while (!this.#isAtEnd && this.#waitingRecords < records) {
      const next = await this.#batches.next();
      if (next.done === true) {
        this.#isAtEnd = true;
        break;
      }
      const bytes = next.value.slice();
      if (bytes.length === 0) continue;
      const view = new DataView(bytes.buffer);
      this.#waiting.push({ bytes, view });
      this.#waitingRecords += bytes.length / recordBytes;
      this.#lastUs = view.getFloat64(bytes.length - recordBytes + recordOffsets.tsRecvUs, true);
      read.push(this.#wantedOf(bytes, view));
    }
    return joined(read);
  }

  /** The next record; `view` and `at` are valid until the next call. */
  take(): { readonly view: DataView; readonly at: number } {
    const batch = this.#waiting[0];
    if (batch === undefined) return this.#place;
    this.#place.view = batch.view;
    this.#place.at = this.#at;
    this.#at += recordBytes;
    this.#played++;
    this.#waitingRecords--;
    if (this.#at >= batch.bytes.length) {
      this.#waiting.shift();
      this.#at = 0;
    }
    return this.#place;
  }

  #wantedOf(bytes: Uint8Array, view: DataView): Uint8Array {
    const wanted = new Uint8Array(bytes.length);
    let length = 0;
    for (let at = 0; at < bytes.length; at += recordBytes) {
      if (!this.#isWanted(view.getUint32(at + recordOffsets.index, true), view.getUint8(at))) continue;
      wanted.set(bytes.subarray(at, at + recordBytes), length);
      length += recordBytes;
    }
    return wanted.subarray(0, length);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1 && parts[0] !== undefined) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
