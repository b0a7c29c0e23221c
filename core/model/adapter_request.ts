/**
 * What the host asks of an adapter, and its answers. One request, one response, matched by number; an adapter that
 * dies answers nothing, which is not the same as a no.
 */
import type { Balance, Fill, FundingPayment, MarginMode, VenuePosition } from "./account.ts";
import type { ClientOrderId, InstrumentId, VenueOrderId } from "./ids.ts";
import type { InstrumentStatus } from "./instrument.ts";
import type { FundingRate, Kline, KlineInterval } from "./market.ts";
import type {
  AmendOutcome,
  CancelOutcome,
  OrderQueryOutcome,
  OrderReport,
  OrderRequest,
  RejectCode,
  SettingOutcome,
  Side,
  SubmitOutcome,
} from "./order.ts";
import type { PriceTicks, SizeLots } from "./ticks.ts";

/** Names an order at its venue. */
export interface OrderKey {
  readonly instrument: InstrumentId;
  readonly clientOrderId: ClientOrderId;
  /** Known once the venue acknowledged. */
  readonly venueOrderId: VenueOrderId | undefined;
  /** It was placed with a trigger: some venues keep those in a book of their own. */
  readonly isTrigger?: boolean;
}

/** A stretch of time by venue time: from `fromMs` up to and without `toMs`. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Changes something at the venue: goes through the engine, and through the gate where it is an order. */
export type AccountCommand =
  | { readonly kind: "submit"; readonly order: OrderRequest }
  | { readonly kind: "submit_batch"; readonly orders: readonly OrderRequest[] }
  | (OrderKey & { readonly kind: "cancel" })
  | { readonly kind: "cancel_batch"; readonly orders: readonly OrderKey[] }
  | (OrderKey & {
    readonly kind: "amend";
    readonly side: Side;
    readonly sizeLots: SizeLots;
    readonly limitPriceTicks: PriceTicks;
  })
  | { readonly kind: "cancel_all"; readonly instrument: InstrumentId | undefined }
  | {
    readonly kind: "set_leverage";
    readonly instrument: InstrumentId;
    readonly leverage: number;
    readonly marginMode: MarginMode;
  };

/** Asks about the account. */
export type AccountQuestion =
  | (OrderKey & { readonly kind: "query_order" })
  | { readonly kind: "open_orders" }
  | { readonly kind: "fills"; readonly sinceMs: number }
  | { readonly kind: "positions" }
  | { readonly kind: "balances" }
  | { readonly kind: "funding_payments"; readonly sinceMs: number };

/** Asks about the venue and its markets; needs no account. */
export type MarketQuestion =
  | (TimeRange & {
    readonly kind: "klines";
    readonly instrument: InstrumentId;
    readonly interval: KlineInterval;
  })
  | (TimeRange & { readonly kind: "funding_rates"; readonly instrument: InstrumentId })
  | { readonly kind: "server_time" }
  | { readonly kind: "venue_status" };

/** Each gets exactly one response with its id, or none if the adapter dies. */
export type AdapterRequest = AccountCommand | AccountQuestion | MarketQuestion;

/** Why a question has no answer: the venue's no in our words, silence, nonsense, or a range beyond the bounds. */
export type FailureCode = RejectCode | "unreachable" | "garbled_reply" | "range_too_long";

/** The venue could not be asked, refused, or the adapter threw. */
export interface FailedResponse {
  readonly kind: "failed";
  readonly code: FailureCode;
  /** The venue's own code; empty where it gave none. */
  readonly venueCode: string;
  readonly details: string;
}

export type AdapterResponse =
  | { readonly kind: "submit"; readonly outcome: SubmitOutcome }
  /** In the order of the request. */
  | { readonly kind: "submit_batch"; readonly outcomes: readonly SubmitOutcome[] }
  | { readonly kind: "cancel"; readonly outcome: CancelOutcome }
  | { readonly kind: "cancel_batch"; readonly outcomes: readonly CancelOutcome[] }
  | { readonly kind: "amend"; readonly outcome: AmendOutcome }
  | { readonly kind: "cancel_all"; readonly outcome: CancelOutcome }
  | { readonly kind: "set_leverage"; readonly outcome: SettingOutcome }
  | { readonly kind: "query_order"; readonly outcome: OrderQueryOutcome }
  | { readonly kind: "open_orders"; readonly orders: readonly OrderReport[] }
  | { readonly kind: "fills"; readonly fills: readonly Fill[] }
  | { readonly kind: "positions"; readonly positions: readonly VenuePosition[] }
  | { readonly kind: "balances"; readonly balances: readonly Omit<Balance, "venue">[] }
  | { readonly kind: "funding_payments"; readonly payments: readonly FundingPayment[] }
  | { readonly kind: "klines"; readonly klines: readonly Kline[] }
  | { readonly kind: "funding_rates"; readonly rates: readonly FundingRate[] }
  | { readonly kind: "server_time"; readonly tsVenueMs: number }
  | { readonly kind: "venue_status"; readonly status: InstrumentStatus }
  | FailedResponse;
