/**
 * Market data on its way to one subscriber. A reader that falls behind gets the newest quote and mark of each
 * instrument, never a backlog; trades wait in a bounded ring that drops the oldest and counts them. Nobody waits for
 * anybody.
 */
import { recordBytes, recordKinds, recordOffsets } from "./records.ts";
import type { FrameWriter } from "./stream.ts";

const maxWaitingTrades = 4_096;

/** Newest record per instrument, and which of them were not sent yet. */
class LatestRecords {
  #slots = new Uint8Array(64 * recordBytes);
  #isDirty = new Uint8Array(64);
  #dirty = new Uint32Array(64);
  #count = 0;
  /** Records that were replaced before they were sent. */
  conflated = 0;

  put(index: number, source: Uint8Array, at: number): void {
    if (index >= this.#isDirty.length) this.#grow(index + 1);
    this.#slots.set(source.subarray(at, at + recordBytes), index * recordBytes);
    if (this.#isDirty[index] === 1) {
      this.conflated += 1;
      return;
    }
    this.#isDirty[index] = 1;
    this.#dirty[this.#count++] = index;
  }

  drain(writer: FrameWriter): void {
    for (let place = 0; place < this.#count; place++) {
      const index = this.#dirty[place] ?? 0;
      this.#isDirty[index] = 0;
      copyRecord(writer, this.#slots, index * recordBytes, index);
    }
    this.#count = 0;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  #grow(count: number): void {
    const capacity = Math.max(count, this.#isDirty.length * 2);
    const slots = new Uint8Array(capacity * recordBytes);
    slots.set(this.#slots);
    const isDirty = new Uint8Array(capacity);
    isDirty.set(this.#isDirty);
    const dirty = new Uint32Array(capacity);
    dirty.set(this.#dirty);
    [this.#slots, this.#isDirty, this.#dirty] = [slots, isDirty, dirty];
  }
}

function copyRecord(writer: FrameWriter, source: Uint8Array, at: number, index: number): void {
  const offset = writer.recordOffset();
  const { view } = writer;
  new Uint8Array(view.buffer, view.byteOffset + offset, recordBytes).set(
    source.subarray(at, at + recordBytes),
  );
  view.setUint32(offset + recordOffsets.index, index, true);
}

export class Conflation {
  readonly #quotes = new LatestRecords();
  readonly #marks = new LatestRecords();
  #trades = new Uint8Array(256 * recordBytes);
  readonly #tradeIndexes = new Uint32Array(maxWaitingTrades);
  #firstTrade = 0;
  #tradeCount = 0;
  #droppedTrades = 0;

  /** Quotes and marks that a newer one replaced before the reader took them. */
  get conflatedRecords(): number {
    return this.#quotes.conflated + this.#marks.conflated;
  }

  get droppedTrades(): number {
    return this.#droppedTrades;
  }

  /** Takes the record at `at` of `source` for the subscriber's instrument `index`; the bytes are copied. */
  put(index: number, source: Uint8Array, at: number): void {
    const kind = source[at];
    if (kind === recordKinds.quote) this.#quotes.put(index, source, at);
    else if (kind === recordKinds.mark) this.#marks.put(index, source, at);
    else this.#putTrade(index, source, at);
  }

  /** Hands everything that waits to the writer: called when the reader has taken the last write. */
  drain(writer: FrameWriter): void {
    for (; this.#tradeCount > 0; this.#tradeCount--) {
      const capacity = this.#trades.length / recordBytes;
      copyRecord(
        writer,
        this.#trades,
        this.#firstTrade * recordBytes,
        this.#tradeIndexes[this.#firstTrade] ?? 0,
      );
      this.#firstTrade = (this.#firstTrade + 1) % capacity;
    }
    this.#marks.drain(writer);
    this.#quotes.drain(writer);
  }

  get isEmpty(): boolean {
    return this.#tradeCount === 0 && this.#quotes.isEmpty && this.#marks.isEmpty;
  }

  #putTrade(index: number, source: Uint8Array, at: number): void {
    let capacity = this.#trades.length / recordBytes;
    if (this.#tradeCount === capacity && capacity < maxWaitingTrades) {
      this.#growTrades();
      capacity = this.#trades.length / recordBytes;
    }
    if (this.#tradeCount === capacity) {
      this.#firstTrade = (this.#firstTrade + 1) % capacity;
      this.#tradeCount -= 1;
      this.#droppedTrades += 1;
    }
    const place = (this.#firstTrade + this.#tradeCount) % capacity;
    this.#trades.set(source.subarray(at, at + recordBytes), place * recordBytes);
    this.#tradeIndexes[place] = index;
    this.#tradeCount += 1;
  }

  #growTrades(): void {
    const before = this.#trades.length / recordBytes;
    const larger = new Uint8Array(this.#trades.length * 2);
    const indexes = new Uint32Array(this.#tradeCount);
    for (let place = 0; place < this.#tradeCount; place++) {
      const from = (this.#firstTrade + place) % before;
      larger.set(this.#trades.subarray(from * recordBytes, (from + 1) * recordBytes), place * recordBytes);
      indexes[place] = this.#tradeIndexes[from] ?? 0;
    }
    this.#tradeIndexes.set(indexes);
    this.#trades = larger;
    this.#firstTrade = 0;
  }
}
