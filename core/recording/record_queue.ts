/** Market data between its source and the two who play it: the plugin, ahead, and the host, behind. */
import type { IndexedBook } from "../protocol/codec.ts";
import { recordBytes, recordKinds, recordOffsets } from "../protocol/records.ts";
import type { MarketBatch, MarketData } from "./market_data.ts";

type Waiting =
  | { readonly kind: "records"; readonly bytes: Uint8Array; readonly view: DataView }
  | { readonly kind: "book"; readonly book: IndexedBook };

/** What can be subscribed to. */
export type WantedKind = "quotes" | "trades" | "marks" | "books";

const kindNames: Readonly<Record<number, WantedKind>> = {
  [recordKinds.quote]: "quotes",
  [recordKinds.trade]: "trades",
  [recordKinds.mark]: "marks",
};

export class RecordQueue {
  readonly #batches: AsyncIterator<MarketBatch> | Iterator<MarketBatch>;
  readonly #isWanted: (index: number, kind: WantedKind) => boolean;
  readonly #waiting: Waiting[] = [];
  readonly #place: { view: DataView; at: number } = { view: new DataView(new ArrayBuffer(0)), at: 0 };
  /** Position in the first of the waiting, if it holds records. */
  #at = 0;
  #waitingRecords = 0;
  #isAtEnd = false;
  #lastUs = -Infinity;
  #played = 0;

  /** @param isWanted whether the plugin subscribed to this kind of this instrument */
  constructor(data: MarketData, isWanted: (index: number, kind: WantedKind) => boolean) {
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

  /** Receive time of the next record or book to play; Infinity for none. */
  get nextUs(): number {
    const next = this.#waiting[0];
    if (next === undefined) return Infinity;
    return next.kind === "book"
      ? next.book.tsRecvUs
      : next.view.getFloat64(this.#at + recordOffsets.tsRecvUs, true);
  }

  /** Records and books taken so far. */
  get played(): number {
    return this.#played;
  }

  /** Reads on until about this many records wait; returns what the plugin wants of what was read. */
  async fill(records: number): Promise<readonly MarketBatch[]> {
    const read: MarketBatch[] = [];
    while (!this.#isAtEnd && this.#waitingRecords < records) {
      const next = await this.#batches.next();
      if (next.done === true) {
        this.#isAtEnd = true;
        break;
      }
      if (next.value.kind === "book") {
        const { book } = next.value;
        this.#waiting.push(next.value);
        this.#waitingRecords += 1;
        this.#lastUs = Math.max(this.#lastUs, book.tsRecvUs);
        if (this.#isWanted(book.index, "books")) read.push(next.value);
        continue;
      }
      const bytes = next.value.bytes.slice();
      if (bytes.length === 0) continue;
      const view = new DataView(bytes.buffer);
      this.#waiting.push({ kind: "records", bytes, view });
      this.#waitingRecords += bytes.length / recordBytes;
      const lastUs = view.getFloat64(bytes.length - recordBytes + recordOffsets.tsRecvUs, true);
      this.#lastUs = Math.max(this.#lastUs, lastUs);
      read.push({ kind: "records", bytes: this.#wantedOf(bytes, view) });
    }
    return joined(read);
  }

  /**
   * Looks at what waits without taking it, in order, until `see` returns false.
   *
   * @param see gets the receive time, and of a record where it stands; of a book no view
   */
  lookAhead(see: (tsUs: number, view: DataView | undefined, at: number) => boolean): void {
    let from = this.#at;
    for (const next of this.#waiting) {
      if (next.kind === "book") {
        if (!see(next.book.tsRecvUs, undefined, 0)) return;
        continue;
      }
      for (let at = from; at < next.bytes.length; at += recordBytes) {
        if (!see(next.view.getFloat64(at + recordOffsets.tsRecvUs, true), next.view, at)) return;
      }
      from = 0;
    }
  }

  /** The next to play, if it is a book. */
  takeBook(): IndexedBook | undefined {
    const next = this.#waiting[0];
    if (next?.kind !== "book") return undefined;
    this.#waiting.shift();
    this.#played++;
    this.#waitingRecords--;
    return next.book;
  }

  /** The next record, where no book is next; `view` and `at` are valid until the next call. */
  takeRecord(): { readonly view: DataView; readonly at: number } {
    const next = this.#waiting[0];
    if (next?.kind !== "records") return this.#place;
    this.#place.view = next.view;
    this.#place.at = this.#at;
    this.#at += recordBytes;
    this.#played++;
    this.#waitingRecords--;
    if (this.#at >= next.bytes.length) {
      this.#waiting.shift();
      this.#at = 0;
    }
    return this.#place;
  }

  #wantedOf(bytes: Uint8Array, view: DataView): Uint8Array {
    const wanted = new Uint8Array(bytes.length);
    let length = 0;
    for (let at = 0; at < bytes.length; at += recordBytes) {
      const kind = kindNames[view.getUint8(at)] ?? "marks";
      if (!this.#isWanted(view.getUint32(at + recordOffsets.index, true), kind)) continue;
      wanted.set(bytes.subarray(at, at + recordBytes), length);
      length += recordBytes;
    }
    return wanted.subarray(0, length);
  }
}

/** Neighbouring records in one batch, none that is empty. */
function joined(batches: readonly MarketBatch[]): readonly MarketBatch[] {
  const found: MarketBatch[] = [];
  let parts: Uint8Array[] = [];
  const close = (): void => {
    if (parts.length > 0) found.push({ kind: "records", bytes: concatenated(parts) });
    parts = [];
  };
  for (const batch of batches) {
    if (batch.kind === "book") {
      close();
      found.push(batch);
    } else if (batch.bytes.length > 0) parts.push(batch.bytes);
  }
  close();
  return found;
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1 && parts[0] !== undefined) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
