/**
 * Ranges of prices in which nothing waits for a quote: looking at one is four comparisons of numbers and allocates
 * nothing. A quote outside of a range makes the watch due; what it means is found out by whoever set the range.
 */
import type { InstrumentIndex } from "./events.ts";

export type WatchedSide = "bid" | "ask";

const initialCapacity = 32;

function grown(array: Float64Array, capacity: number, fill: number): Float64Array {
  const larger = new Float64Array(capacity).fill(fill);
  larger.set(array);
  return larger;
}

const column = (fill: number): Float64Array => new Float64Array(initialCapacity).fill(fill);

export class PriceWatch {
  #capacity = initialCapacity;
  #bidLow = column(-Infinity);
  #bidHigh = column(Infinity);
  #askLow = column(-Infinity);
  #askHigh = column(Infinity);
  #isDue = false;

  /** Whether a quote left its range since this was last taken. */
  get isDue(): boolean {
    return this.#isDue;
  }

  takeDue(): boolean {
    const isDue = this.#isDue;
    this.#isDue = false;
    return isDue;
  }

  /** Takes all ranges away; who watches sets them anew. */
  clear(): void {
    this.#bidLow.fill(-Infinity);
    this.#bidHigh.fill(Infinity);
    this.#askLow.fill(-Infinity);
    this.#askHigh.fill(Infinity);
  }

  /** Narrows the range of one side of an instrument: a price at or beyond either end makes the watch due. */
  narrow(index: InstrumentIndex, side: WatchedSide, lowPrice: number, highPrice: number): void {
    while (index >= this.#capacity) this.#grow();
    const [low, high] = side === "bid" ? [this.#bidLow, this.#bidHigh] : [this.#askLow, this.#askHigh];
    low[index] = Math.max(low[index] ?? -Infinity, lowPrice);
    high[index] = Math.min(high[index] ?? Infinity, highPrice);
  }

  /** Hot path. A missing price is NaN and is in every range. */
  see(index: InstrumentIndex, bidPrice: number, askPrice: number): void {
    if (
      bidPrice <= this.#bidLow[index]! || bidPrice >= this.#bidHigh[index]! ||
      askPrice <= this.#askLow[index]! ||
      askPrice >= this.#askHigh[index]!
    ) this.#isDue = true;
  }

  #grow(): void {
    const capacity = this.#capacity * 2;
    this.#bidLow = grown(this.#bidLow, capacity, -Infinity);
    this.#bidHigh = grown(this.#bidHigh, capacity, Infinity);
    this.#askLow = grown(this.#askLow, capacity, -Infinity);
    this.#askHigh = grown(this.#askHigh, capacity, Infinity);
    this.#capacity = capacity;
  }
}
