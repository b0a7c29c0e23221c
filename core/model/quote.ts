/** Best bid and offer of one instrument. */
import type { InstrumentId } from "./ids.ts";

/** How the record reached us: the venue's stream, or its REST interface while the stream is down. */
export type DataSource = "stream" | "rest";

/**
 * Prices and sizes are float64 estimates for decisions; an order's own price is rounded to ticks once.
 * A side without orders has size 0 and price NaN: every comparison with it is false.
 */
export interface Quote {
  readonly instrument: InstrumentId;
  readonly bidPrice: number;
  readonly bidSizeBase: number;
  readonly askPrice: number;
  readonly askSizeBase: number;
  /** +1 for each quote of this instrument from its adapter; a strategy that lags sees gaps, never repeats. */
  readonly sequence: number;
  readonly tsVenueMs: number;
  /** Microseconds since the epoch, stamped when the frame arrived. */
  readonly tsRecvUs: number;
  readonly source: DataSource;
}

/** (bid + ask) / 2. */
export const midPrice = (quote: Pick<Quote, "bidPrice" | "askPrice">): number =>
  (quote.bidPrice + quote.askPrice) / 2;

/** (ask − bid) / mid in bps. 43250 / 43251 is 0.23. */
export const quotedSpreadBps = (quote: Pick<Quote, "bidPrice" | "askPrice">): number =>
  ((quote.askPrice - quote.bidPrice) / midPrice(quote)) * 10_000;

/** True when both sides exist and bid < ask. NaN gives false. */
export const isTwoSided = (quote: Quote): boolean =>
  quote.bidPrice < quote.askPrice && quote.bidSizeBase > 0 && quote.askSizeBase > 0;
