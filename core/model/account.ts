/** Fills, positions and balances: the facts about money. */
import type { ClientOrderId, FillId, InstrumentId, VenueId, VenueOrderId } from "./ids.ts";
import type { Money } from "./money.ts";
import type { Side } from "./order.ts";
import type { PriceTicks, SizeLots } from "./ticks.ts";

/** One execution of ours. The venue's `fillId` makes repeats harmless. */
export interface Fill {
  readonly instrument: InstrumentId;
  readonly fillId: FillId;
  readonly venueOrderId: VenueOrderId;
  readonly clientOrderId: ClientOrderId | undefined;
  readonly side: Side;
  readonly priceTicks: PriceTicks;
  readonly sizeLots: SizeLots;
  readonly liquidity: "maker" | "taker";
  /** Positive is charged, negative a rebate; as the venue states it. */
  readonly fee: Money;
  readonly feeAsset: string;
  readonly tsVenueMs: number;
  readonly tsRecvUs: number;
}

/** What the venue says we hold. */
export interface VenuePosition {
  readonly instrument: InstrumentId;
  /** Long positive. */
  readonly positionLots: SizeLots;
  /** Average entry price as the venue computes it, an estimate. */
  readonly entryPrice: number | undefined;
  readonly markPrice: number | undefined;
  readonly liquidationPrice: number | undefined;
  readonly leverage: number | undefined;
  readonly tsVenueMs: number;
}

export interface Balance {
  readonly venue: VenueId;
  readonly asset: string;
  /** Wallet balance: deposits and all that is realized. */
  readonly total: Money;
  /** Free for new margin. */
  readonly available: Money;
  readonly tsVenueMs: number;
}

/** Net funding the venue booked on a position: positive is paid by us. */
export interface FundingPayment {
  readonly instrument: InstrumentId;
  readonly paymentId: string;
  readonly amount: Money;
  readonly asset: string;
  readonly tsVenueMs: number;
}

export const marginModes = ["cross", "isolated"] as const;
export type MarginMode = (typeof marginModes)[number];
