/**
 * Continuity of EdgeX's depth channels, and the best prices of one. A snapshot replaces, a change is valid if it begins no
 * later than right after the last one's end and goes beyond it; what ends before is old news. The venue documents no
 * overlap rule (autumn 2026): captures show changes that begin at the last end, and such that begin after it.
 */

/** Version texts are counters; beyond 2^53 neighbours could not be told apart, so they are compared as bigint. */
export interface DepthHeader {
  readonly isSnapshot: boolean;
  readonly startVersion: bigint;
  readonly endVersion: bigint;
}

export type DepthVerdict = "snapshot" | "delta" | "stale" | "gap" | "ignore";

export class DepthSequence {
  #lastEnd: bigint | undefined;

  /** True from a snapshot to the next gap. */
  get isValid(): boolean {
    return this.#lastEnd !== undefined;
  }

  reset(): void {
    this.#lastEnd = undefined;
  }

  /** What to do with one row. After a gap everything up to the next snapshot is ignored. */
  take({ isSnapshot, startVersion, endVersion }: DepthHeader): DepthVerdict {
    const last = this.#lastEnd;
    if (isSnapshot) {
      this.#lastEnd = endVersion;
      return "snapshot";
    }
    if (last === undefined) return "ignore";
    if (endVersion <= last) return "stale";
    if (startVersion > last + 1n) {
      this.reset();
      return "gap";
    }
    this.#lastEnd = endVersion;
    return "delta";
  }
}

/** More levels than the channel has: those beyond are the worst, and dropped. */
const capacity = 32;

/** Prices and sizes of one side as floats, best first, in arrays made once. */
class TopSide {
  readonly #isBid: boolean;
  readonly #prices = new Float64Array(capacity + 1);
  readonly #sizes = new Float64Array(capacity + 1);
  #count = 0;

  constructor(isBid: boolean) {
    this.#isBid = isBid;
  }

  get price(): number {
    return this.#count === 0 ? NaN : this.#prices[0] ?? NaN;
  }
  get size(): number {
    return this.#count === 0 ? 0 : this.#sizes[0] ?? 0;
  }

  clear(): void {
    this.#count = 0;
  }

  set(price: number, size: number): void {
    let at = 0;
    while (at < this.#count && this.#isBefore(this.#prices[at] ?? NaN, price)) at += 1;
    const isThere = at < this.#count && this.#prices[at] === price;
    if (size === 0) {
      if (isThere) this.#move(at + 1, at);
      return;
    }
    if (!isThere) this.#move(at, at + 1);
    this.#prices[at] = price;
    this.#sizes[at] = size;
  }

  #isBefore(a: number, b: number): boolean {
    return this.#isBid ? a > b : a < b;
  }

  /** Shifts all from one place on to another. */
  #move(from: number, to: number): void {
    this.#prices.copyWithin(to, from, this.#count);
    this.#sizes.copyWithin(to, from, this.#count);
    this.#count = Math.min(capacity, this.#count + to - from);
  }
}

/** Best bid and offer of a depth channel. */
export class TopOfBook {
  readonly bids = new TopSide(true);
  readonly asks = new TopSide(false);

  clear(): void {
    this.bids.clear();
    this.asks.clear();
  }
}
