/** The engine as the host sees it: events in, outputs out, and a few questions. `Engine` implements it; tests may fake it. */
import type { InstrumentId } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import type { Side } from "../model/order.ts";
import type { OrderBook } from "../model/order_book.ts";
import type { DataSource } from "../model/quote.ts";
import type { EngineEvent, EngineOutput, InstrumentIndex } from "./events.ts";
import type { Router } from "./router.ts";
import type { EngineSnapshot } from "./snapshot.ts";

export interface EngineSurface {
  readonly router: Router;
  /**
   * The same index for the same id; a changed record (fees, status) takes effect at once.
   * @throws {BerthError} MODEL_OUT_OF_RANGE when tick and lot together have more than 18 decimals
   */
  registerInstrument(instrument: Instrument, tsUs: number): InstrumentIndex;
  instrument(index: InstrumentIndex): Instrument | undefined;
  indexOf(id: InstrumentId): InstrumentIndex | undefined;
  /** Kept for instruments whose books are wanted by some strategy. */
  orderBook(index: InstrumentIndex): Pick<OrderBook, "snapshot"> | undefined;
  /** A quote left the range in which nothing waits for it: a `quotes_due` event is to follow soon. */
  readonly isReviewDue: boolean;
  /** Hot path, allocates nothing. A missing side is price NaN and size 0. */
  onQuote(
    index: InstrumentIndex,
    bidPrice: number,
    bidSizeBase: number,
    askPrice: number,
    askSizeBase: number,
    sequence: number,
    tsVenueMs: number,
    tsRecvUs: number,
    source: DataSource,
  ): void;
  onTrade(
    index: InstrumentIndex,
    takerSide: Side,
    price: number,
    sizeBase: number,
    sequence: number,
    tsVenueMs: number,
    tsRecvUs: number,
  ): void;
  /** NaN for what the venue did not state: the last stated value stays. */
  onMark(
    index: InstrumentIndex,
    markPrice: number,
    indexPrice: number,
    fundingRate: number,
    tsNextFundingMs: number,
    sequence: number,
    tsVenueMs: number,
    tsRecvUs: number,
  ): void;
  /**
   * One event; what is to be done about it, in order. Outputs of `registerInstrument` come with the next event's.
   * The array is the caller's.
   *
   * @param monotonicUs of a clock that nobody sets: what may be done within a second is counted by it. By default the
   * event's own time.
   */
  handle(event: EngineEvent, monotonicUs?: number): readonly EngineOutput[];
  snapshot(tsUs: number): EngineSnapshot;
}
