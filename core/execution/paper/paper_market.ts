/**
 * One market as a venue of paper knows it: the quote, the order book where one is published, and what our own orders
 * have taken of both. What was taken is gone until the market shows another size there.
 *
 * The best price is the quote's or the book's, whichever came last; deeper prices are the book's.
 */
import type { Instrument } from "../../model/instrument.ts";
import { OrderBook } from "../../model/order_book.ts";
import type { Side } from "../../model/order.ts";
import {
  type Increment,
  incrementValue,
  type RoundingDirection,
  roundToIncrements,
} from "../../model/ticks.ts";
import type { PaperBookUpdate } from "./paper_orders.ts";

/** Ticks or lots beyond this are no price and no size, but a broken feed. */
const maxCount = Number.MAX_SAFE_INTEGER / 2;
/** A book that has not changed for so long no longer says what lies behind the best price. */
const maxBookAgeUs = 10_000_000;
/** Prices at which something was taken, per side; the oldest is forgotten first. */
const maxTaken = 256;

/** What can be taken at one price. */
export interface Offer {
  readonly ticks: number;
  /** After what was taken before. */
  readonly lots: number;
  readonly shownLots: number;
}

interface TopOfBook {
  price: number;
  sizeBase: number;
}

interface Taken {
  /** The size that was shown when it was taken. */
  readonly shownLots: number;
  readonly lots: number;
}

export class PaperMarket {
  instrument: Instrument;
  fundingRate = NaN;
  tsNextFundingMs = NaN;
  readonly #bid: TopOfBook = { price: NaN, sizeBase: 0 };
  readonly #ask: TopOfBook = { price: NaN, sizeBase: 0 };
  readonly #book = new OrderBook();
  readonly #takenBids = new Map<number, Taken>();
  readonly #takenAsks = new Map<number, Taken>();
  #quoteUs = -Infinity;
  #bookUs = -Infinity;

  constructor(instrument: Instrument) {
    this.instrument = instrument;
  }

  setQuote(
    bidPrice: number,
    bidSizeBase: number,
    askPrice: number,
    askSizeBase: number,
    nowUs: number,
  ): void {
    this.#quoteUs = nowUs;
    this.#setTop(this.#bid, "buy", bidPrice, bidSizeBase);
    this.#setTop(this.#ask, "sell", askPrice, askSizeBase);
  }

  applyBook(update: PaperBookUpdate, nowUs: number): void {
    this.#book.apply({
      ...update,
      instrument: this.instrument.id,
      sequence: 0,
      tsVenueMs: nowUs / 1000,
      tsRecvUs: nowUs,
    });
    this.#bookUs = nowUs;
  }

  /** The feed was lost: nothing that was shown counts until it is shown again. */
  forget(): void {
    this.setQuote(NaN, 0, NaN, 0, -Infinity);
    this.applyBook({ kind: "invalid", bids: [], asks: [] }, -Infinity);
  }

  /** What a taker of `side` could get, best price first, no worse than `worstTicks`. */
  *offers(side: Side, worstTicks: number, nowUs: number): Generator<Offer> {
    const isBuy = side === "buy";
    const top = isBuy ? this.#ask : this.#bid;
    const isBookFirst = this.#isBookFirst(nowUs);
    let beyond = isBuy ? -Infinity : Infinity;
    if (!isBookFirst) {
      const ticks = this.#ticksOf(top, isBuy ? "up" : "down");
      if (ticks === undefined || isBeyond(side, ticks, worstTicks)) return;
      const offer = this.#offer(side, ticks, this.#lotsOf(top.sizeBase, "down"));
      if (offer.lots > 0) yield offer;
      beyond = ticks;
    }
    if (!this.#isBookUsable(nowUs)) return;
    for (const { priceTicks, sizeLots } of isBuy ? this.#book.asks : this.#book.bids) {
      if (isBeyond(side, priceTicks, worstTicks)) return;
      if (!isBeyond(side, priceTicks, beyond)) continue;
      const offer = this.#offer(side, priceTicks, sizeLots);
      if (offer.lots > 0) yield offer;
    }
  }

  /** A taker of `side` takes from an offer. */
  take(side: Side, { ticks, lots, shownLots }: Offer, takenLots: number): void {
    const taken = side === "buy" ? this.#takenAsks : this.#takenBids;
    taken.delete(ticks); // the newest goes last
    taken.set(ticks, { shownLots, lots: shownLots - lots + takenLots });
    if (taken.size <= maxTaken) return;
    for (const oldest of taken.keys()) {
      taken.delete(oldest);
      return;
    }
  }

  /** Lots that others show on `side` at a price; Infinity where the feed does not reach. */
  shownLots(side: Side, ticks: number, nowUs: number): number {
    if (!this.#isBookFirst(nowUs)) {
      const top = side === "buy" ? this.#bid : this.#ask;
      const best = this.#ticksOf(top, "nearest");
      if (best === undefined) return Infinity;
      if (ticks === best) return this.#lotsOf(top.sizeBase, "up");
      if (isBeyond(side, ticks, best)) return 0; // nobody is there
    }
    return this.#isBookUsable(nowUs) ? this.#bookLots(side, ticks) : Infinity;
  }

  #bookLots(side: Side, ticks: number): number {
    const levels = side === "buy" ? this.#book.bids : this.#book.asks;
    const last = levels.at(-1);
    if (last === undefined || isBeyond(side, last.priceTicks, ticks)) return Infinity;
    return levels.find(({ priceTicks }) => priceTicks === ticks)?.sizeLots ?? 0;
  }

  /** The book tells of the best price too. */
  #isBookFirst(nowUs: number): boolean {
    return this.#bookUs > this.#quoteUs && this.#isBookUsable(nowUs);
  }

  #isBookUsable(nowUs: number): boolean {
    return this.#book.state === "whole" && nowUs - this.#bookUs <= maxBookAgeUs;
  }

  #offer(side: Side, ticks: number, shownLots: number): Offer {
    const taken = (side === "buy" ? this.#takenAsks : this.#takenBids).get(ticks);
    const gone = taken?.shownLots === shownLots ? taken.lots : 0;
    return { ticks, lots: Math.max(0, shownLots - gone), shownLots };
  }

  #setTop(top: TopOfBook, side: Side, price: number, sizeBase: number): void {
    if (price === top.price && sizeBase === top.sizeBase) return;
    // Any change shows that the market lives: what was taken at the old best price counts no longer.
    const taken = side === "buy" ? this.#takenBids : this.#takenAsks;
    if (taken.size > 0) {
      const ticks = this.#ticksOf(top, side === "buy" ? "down" : "up");
      if (ticks !== undefined) taken.delete(ticks);
    }
    top.price = price;
    top.sizeBase = sizeBase;
  }

  /** Undefined where there is no price or nothing at it. */
  #ticksOf({ price, sizeBase }: TopOfBook, direction: RoundingDirection): number | undefined {
    return sizeBase > 0 ? countOf(price, this.instrument.tick, direction) : undefined;
  }

  #lotsOf(sizeBase: number, direction: "up" | "down"): number {
    // Of a size that is none there is nothing to take, and who knows how much to wait for.
    return countOf(sizeBase, this.instrument.lot, direction) ?? (direction === "up" ? Infinity : 0);
  }
}

/** A feed's number in whole ticks or lots; undefined for one that no market has. */
export function countOf(value: number, step: Increment, direction: RoundingDirection): number | undefined {
  const isSound = value > 0 && value / incrementValue(step) < maxCount;
  return isSound ? roundToIncrements(value, step, direction) : undefined;
}

/** For a buy: higher. For a sell: lower. */
const isBeyond = (side: Side, ticks: number, than: number): boolean =>
  side === "buy" ? ticks > than : ticks < than;
