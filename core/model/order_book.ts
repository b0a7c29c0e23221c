/**
 * Order books of instruments whose adapter publishes depth. A book is either whole or not there: after a gap it is
 * empty until the next snapshot. A book that stays crossed after a delta counts as broken too.
 */
import type { BookLevel, BookUpdate } from "./market.ts";
import type { PriceTicks } from "./ticks.ts";

/** Levels kept per side; what lies beyond is dropped, and comes back with the next snapshot. */
const maxLevels = 400;

/** Position of `price` in a list sorted best first, or where it belongs. */
function indexIn(levels: readonly BookLevel[], price: PriceTicks, isBid: boolean): number {
  let low = 0;
  let high = levels.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = levels[middle]?.priceTicks ?? price;
    if (isBid ? at > price : at < price) low = middle + 1;
    else high = middle;
  }
  return low;
}

function setLevel(levels: BookLevel[], level: BookLevel, isBid: boolean): void {
  const at = indexIn(levels, level.priceTicks, isBid);
  const isThere = levels[at]?.priceTicks === level.priceTicks;
  if (level.sizeLots === 0) {
    if (isThere) levels.splice(at, 1);
  } else if (isThere) {
    levels[at] = level;
  } else if (at < maxLevels) {
    levels.splice(at, 0, level);
    if (levels.length > maxLevels) levels.pop();
  }
}

/** What a size would trade at, were it taken from a side now. */
export interface Execution {
  /** Mean price over the size. */
  readonly averageTicks: number;
  /** Price of the last level that is needed. */
  readonly worstTicks: PriceTicks;
}

/** Walks levels, best first, for a number of lots; undefined when they hold fewer, or for no positive number. */
export function walkLevels(levels: readonly BookLevel[], lots: number): Execution | undefined {
  if (!(lots > 0)) return undefined;
  let left = lots;
  let value = 0;
  for (const { priceTicks, sizeLots } of levels) {
    const taken = Math.min(left, sizeLots);
    value += taken * priceTicks;
    left -= taken;
    if (left <= 0) return { averageTicks: value / lots, worstTicks: priceTicks };
  }
  return undefined;
}

export type BookState = "whole" | "waiting_for_snapshot";

export class OrderBook {
  #bids: BookLevel[] = [];
  #asks: BookLevel[] = [];
  #state: BookState = "waiting_for_snapshot";
  #tsRecvUs = -Infinity;
  #tsVenueMs = NaN;
  #sequence = 0;

  get state(): BookState {
    return this.#state;
  }
  get tsRecvUs(): number {
    return this.#tsRecvUs;
  }
  /** The whole book as an update that somebody who comes later can begin with; undefined while it is not whole. */
  snapshot(): Omit<BookUpdate, "instrument"> | undefined {
    if (this.#state !== "whole") return undefined;
    return {
      kind: "snapshot",
      bids: [...this.#bids],
      asks: [...this.#asks],
      sequence: this.#sequence,
      tsVenueMs: this.#tsVenueMs,
      tsRecvUs: this.#tsRecvUs,
    };
  }
  /** Best first; empty while the book waits for a snapshot. */
  get bids(): readonly BookLevel[] {
    return this.#bids;
  }
  get asks(): readonly BookLevel[] {
    return this.#asks;
  }

  apply(update: BookUpdate): void {
    switch (update.kind) {
      case "invalid":
        return this.#clear();
      case "snapshot":
        this.#clear();
        this.#state = "whole";
        break;
      case "delta":
        if (this.#state !== "whole") return;
        break;
      default:
        update.kind satisfies never;
    }
    for (const level of update.bids) setLevel(this.#bids, level, true);
    for (const level of update.asks) setLevel(this.#asks, level, false);
    this.#tsRecvUs = update.tsRecvUs;
    this.#tsVenueMs = update.tsVenueMs;
    this.#sequence = update.sequence;
    const [bid, ask] = [this.#bids[0], this.#asks[0]];
    if (bid !== undefined && ask !== undefined && bid.priceTicks >= ask.priceTicks) this.#clear();
  }

  #clear(): void {
    this.#bids = [];
    this.#asks = [];
    this.#state = "waiting_for_snapshot";
  }
}
