/** Instruments as the venue lists them. Everything here comes from the venue's metadata, nothing is assumed. */
import type { InstrumentId, VenueId } from "./ids.ts";
import type { Increment } from "./ticks.ts";

export type InstrumentKind = "perpetual" | "future" | "spot";
export type InstrumentStatus = "trading" | "post_only" | "cancel_only" | "halted";

export interface Instrument {
  readonly id: InstrumentId;
  readonly venue: VenueId;
  /** berth's symbol, equal over venues for one underlying whatever it is quoted in: `BTC-PERP`. */
  readonly symbol: string;
  /** Their name for it: `BTC-USD-PERP`, `BTC-USDT-SWAP`. */
  readonly venueSymbol: string;
  readonly kind: InstrumentKind;
  /** Linear: PnL in the quote asset. Inverse: contracts worth a fixed sum of the quote asset, PnL in the base asset. */
  readonly settlement: "linear" | "inverse";
  readonly baseAsset: string;
  readonly quoteAsset: string;
  readonly settlementAsset: string;
  readonly tick: Increment;
  /**
   * Significant figures that a price of an order may have at most; whole numbers always are allowed. Absent where the
   * tick alone decides. With 5 and a tick of 0.1: 1234.5 and 123456 are prices, 12345.6 is none.
   */
  readonly maxPriceFigures?: number;
  /** Step of sizes in base units (inverse: in quote units of contract value). */
  readonly lot: Increment;
  /** Base units in one of the venue's contracts, decimal text; `1` where it deals in base units. Used by its adapter only. */
  readonly contractMultiplier: string;
  readonly minSizeLots: number;
  readonly maxSizeLots: number;
  /** Smallest order value in the quote asset; 0 for none. */
  readonly minNotional: number;
  /** Of this account, where known. Negative is a rebate. */
  readonly makerFeeBps: number;
  readonly takerFeeBps: number;
  readonly maxLeverage: number;
  /** Hours one funding rate stands for; absent for what pays none. */
  readonly fundingIntervalHours?: number;
  readonly status: InstrumentStatus;
}
