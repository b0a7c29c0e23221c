/** Public market data besides quotes: trades, order book, mark, index and funding, and what is asked for: klines, past funding rates. */
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

/** Intervals of klines; each venue has some of them. `1M` is a calendar month, `1m` a minute. */
export const klineIntervals = [
  "1m",
  "3m",
  "5m",
  "15m",
  "30m",
  "1h",
  "2h",
  "4h",
  "6h",
  "8h",
  "12h",
  "1d",
  "3d",
  "1w",
  "1M",
] as const;
export type KlineInterval = (typeof klineIntervals)[number];

const unitMs: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  M: 2_419_200_000, // the shortest month
};

/** Length of an interval; of `1M` the shortest. */
export function intervalMs(interval: KlineInterval): number {
  return Number(interval.slice(0, -1)) * (unitMs[interval.slice(-1)] ?? NaN);
}

/** Prices of one interval, for indicators: floats. */
export interface Kline {
  readonly tsOpenMs: number;
  readonly openPrice: number;
  readonly highPrice: number;
  readonly lowPrice: number;
  readonly closePrice: number;
  /** NaN where the venue states none. */
  readonly volumeBase: number;
}

/** A funding rate that held in the past. */
export interface FundingRate {
  /** Fraction per `intervalHours`: 0.0001 is 1 bps. */
  readonly fundingRate: number;
  /** Hours the rate stands for; undefined where the venue does not say. */
  readonly intervalHours: number | undefined;
  readonly tsVenueMs: number;
}

/** Rows that one question about the past may bring; a longer range is asked for in parts. */
export const maxHistoryRows = 5_000;
