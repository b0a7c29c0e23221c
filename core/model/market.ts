/** Public market data besides quotes: trades, order book, mark, index and funding. */
import type { InstrumentId } from "./ids.ts";
import type { Side } from "./order.ts";
import type { PriceTicks, SizeLots } from "./ticks.ts";

/** Somebody's trade. */
export interface Trade {
  readonly instrument: InstrumentId;
  /** Side of the taker. */
  readonly takerSide: Side;
  readonly price: number;
  readonly sizeBase: number;
  readonly sequence: number;
  readonly tsVenueMs: number;
  readonly tsRecvUs: number;
}

/** Mark price, index price and funding; what a venue does not state is absent. */
export interface MarkUpdate {
  readonly instrument: InstrumentId;
  readonly markPrice: number | undefined;
  readonly indexPrice: number | undefined;
  /** Fraction per funding interval of the instrument, as the venue states it: 0.0001 is 1 bps. */
  readonly fundingRate: number | undefined;
  readonly tsNextFundingMs: number | undefined;
  readonly sequence: number;
  readonly tsVenueMs: number;
  readonly tsRecvUs: number;
}

export interface BookLevel {
  readonly priceTicks: PriceTicks;
  /** 0 in a delta removes the price. */
  readonly sizeLots: SizeLots;
}

/** A snapshot replaces the book, a delta changes it. `invalid` says that a gap was seen and a snapshot will follow. */
export interface BookUpdate {
  readonly instrument: InstrumentId;
  readonly kind: "snapshot" | "delta" | "invalid";
  /** Best first in a snapshot, any order in a delta. */
  readonly bids: readonly BookLevel[];
  readonly asks: readonly BookLevel[];
  readonly sequence: number;
  readonly tsVenueMs: number;
  readonly tsRecvUs: number;
}
