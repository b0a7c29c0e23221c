/** Order books as a strategy sees them: kept whole by the SDK from snapshots and deltas, walked for a size. */
import type { InstrumentId } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import type { BookUpdate } from "../model/market.ts";
import { OrderBook, walkLevels } from "../model/order_book.ts";
import type { Side } from "../model/order.ts";
import { incrementValue } from "../model/ticks.ts";

/** What an order of a size would fill at if it took the book as it is. */
export interface ExecutablePrice {
  /** Mean over the size: never the top of the book alone. */
  readonly averagePrice: number;
  /** Of the last level that is needed. */
  readonly worstPrice: number;
}

export interface Books {
  /**
   * Price for taking this size: a buy walks the asks, a sell the bids. Undefined without a whole book (the manifest
   * must ask for `books`), when the book is too thin, or when it is older than `maxAgeMs`.
   */
  executable(
    instrument: InstrumentId,
    side: Side,
    sizeBase: number,
    maxAgeMs: number,
  ): ExecutablePrice | undefined;
  /** Base units on one side within `withinBps` of its best price; 0 without a whole book. */
  depthBase(instrument: InstrumentId, side: Side, withinBps: number): number;
}

export class BookKeeper implements Books {
  readonly #books = new Map<InstrumentId, OrderBook>();
  readonly #instrument: (id: InstrumentId) => Instrument | undefined;
  readonly #epochUs: () => number;

  constructor(instrument: (id: InstrumentId) => Instrument | undefined, epochUs: () => number) {
    this.#instrument = instrument;
    this.#epochUs = epochUs;
  }

  apply(update: BookUpdate): void {
    let book = this.#books.get(update.instrument);
    if (book === undefined) this.#books.set(update.instrument, book = new OrderBook());
    book.apply(update);
  }

  executable(id: InstrumentId, side: Side, sizeBase: number, maxAgeMs: number): ExecutablePrice | undefined {
    const book = this.#books.get(id);
    const instrument = this.#instrument(id);
    if (book?.state !== "whole" || instrument === undefined) return undefined;
    if (!(this.#epochUs() - book.tsRecvUs <= maxAgeMs * 1000)) return undefined;
    const lots = sizeBase / incrementValue(instrument.lot);
    const execution = walkLevels(side === "buy" ? book.asks : book.bids, lots);
    if (execution === undefined) return undefined;
    const tick = incrementValue(instrument.tick);
    return { averagePrice: execution.averageTicks * tick, worstPrice: execution.worstTicks * tick };
  }

  depthBase(id: InstrumentId, side: Side, withinBps: number): number {
    const book = this.#books.get(id);
    const instrument = this.#instrument(id);
    if (book?.state !== "whole" || instrument === undefined) return 0;
    const levels = side === "buy" ? book.asks : book.bids;
    const best = levels[0]?.priceTicks ?? NaN;
    const share = withinBps / 10_000;
    let lots = 0;
    for (const { priceTicks, sizeLots } of levels) {
      if (!(Math.abs(priceTicks - best) <= best * share)) break;
      lots += sizeLots;
    }
    return lots * incrementValue(instrument.lot);
  }
}
