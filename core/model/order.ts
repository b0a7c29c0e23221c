/** Orders: what a strategy intends, what is sent, what the venue says. */
import type { CauseId, ClientOrderId, InstrumentId, PluginId, VenueOrderId } from "./ids.ts";
import type { PriceTicks, SizeLots } from "./ticks.ts";

export const sides = ["buy", "sell"] as const;
export type Side = (typeof sides)[number];
export const oppositeSide = (side: Side): Side => (side === "buy" ? "sell" : "buy");
/** +1 for a buy, -1 for a sell. */
export const sideSign = (side: Side): 1 | -1 => (side === "buy" ? 1 : -1);

export const timesInForce = ["GTC", "IOC", "FOK"] as const;
export type TimeInForce = (typeof timesInForce)[number];

/** A market order is sent with the worst price that the collar allows; the gate fills it in. */
export type OrderPricing =
  | {
    readonly kind: "limit";
    readonly limitPriceTicks: PriceTicks;
    readonly timeInForce: TimeInForce;
    readonly postOnly: boolean;
  }
  | { readonly kind: "market"; readonly worstPriceTicks: PriceTicks | undefined };

export const triggerKinds = ["stop", "take_profit"] as const;

/** Holds an order at the venue until a price is reached; its pricing then applies. */
export interface OrderTrigger {
  /** `stop` fires when the price moves against the position that the order closes, `take_profit` when with it. */
  readonly kind: (typeof triggerKinds)[number];
  readonly triggerPriceTicks: PriceTicks;
}

/** The terms of an order, exact. */
export interface OrderTerms {
  readonly instrument: InstrumentId;
  readonly side: Side;
  readonly sizeLots: SizeLots;
  /** As the venue is told: against the account's position. */
  readonly reduceOnly: boolean;
  /**
   * Set by the gate: closes its plugin's position, but is sent without the venue's flag, which another plugin's opposite
   * position would turn into a refusal.
   */
  readonly reducesPlugin?: boolean | undefined;
  readonly pricing: OrderPricing;
  /** Kept by the venue until the price is reached, where its capabilities say that it can. */
  readonly trigger?: OrderTrigger | undefined;
}

/** What a strategy asks for, before the gate. */
export interface OrderIntent extends OrderTerms {
  readonly plugin: PluginId;
  /** The plugin's own name for it, unique in the plugin's run: its handle until the order is done. */
  readonly ref: string;
  /** What it was decided on, newest first; at most 8. */
  readonly causes: readonly CauseId[];
}

/** An order that the host steers in a plugin's name (leg groups, exit plans). No plugin can give such a name. */
export const isHostRef = (ref: string): boolean => ref.includes(":");

/** What names of resident stops begin with: the stops that the host keeps at a venue behind its exit plans. */
export const residentStopPrefix = "stop:";
export const isResidentStop = ({ ref }: { readonly ref: string }): boolean =>
  ref.startsWith(residentStopPrefix);

/**
 * Whether an order waits at the venue and can only close what is held when its price is reached: it takes no risk, and
 * stands beside whatever else closes the position.
 */
export const isBackstop = ({ trigger, reduceOnly }: OrderTerms): boolean =>
  trigger !== undefined && reduceOnly;

/** Whether an order can only shrink its plugin's position, whatever the venue is told. */
export const isPluginReducing = ({ reduceOnly, reducesPlugin }: OrderTerms): boolean =>
  reduceOnly || reducesPlugin === true;

/** What goes to the adapter, after the gate. */
export interface OrderRequest extends OrderTerms {
  readonly clientOrderId: ClientOrderId;
}

/**
 * One table of transitions (order_transitions.ts) holds over these. `unknown` is a request whose answer never came:
 * it is asked about by client order id until it is known, and counts as working until then.
 */
export const orderStatuses = [
  "pending_new",
  "accepted",
  "partially_filled",
  "filled",
  "cancelled",
  "rejected",
  "expired",
  "pending_cancel",
  "pending_replace",
  "unknown",
] as const;
export type OrderStatus = (typeof orderStatuses)[number];

export const finalOrderStatuses = [
  "filled",
  "cancelled",
  "rejected",
  "expired",
] as const satisfies readonly OrderStatus[];
export const isFinalStatus = (status: OrderStatus): boolean =>
  finalOrderStatuses.some((final) => final === status);

/** What a limit order is changed to. */
export interface AmendedTerms {
  /** In all, what is filled included. */
  readonly sizeLots: SizeLots;
  readonly limitPriceTicks: PriceTicks;
}

/** An order as the host knows it: a new record for each change. */
export interface Order extends OrderTerms {
  /** Asked of the venue and not known yet whether it holds: until then the larger size counts. */
  readonly amending?: AmendedTerms | undefined;
  /** It is cancelled so that another takes its place with these terms: of the size in all, what it leaves. */
  readonly replacement?: AmendedTerms | undefined;
  readonly clientOrderId: ClientOrderId;
  readonly plugin: PluginId;
  readonly ref: string;
  readonly venueOrderId: VenueOrderId | undefined;
  readonly status: OrderStatus;
  readonly filledLots: SizeLots;
  /** Sum over fills of ticks × lots, exact; average price is this over `filledLots`. */
  readonly filledTicksLots: bigint;
  /** Why it was rejected, cancelled or expired, in our words; the venue's own words beside it. */
  readonly reason: RejectCode | CancelReason | undefined;
  readonly venueText: string | undefined;
  readonly cause: CauseId;
  readonly tsCreatedUs: number;
  readonly tsUpdatedUs: number;
}

/** Why a venue refused, one set for all venues; each adapter's `reject_codes.ts` maps to it. */
export const rejectCodes = [
  "insufficient_margin",
  "invalid_price",
  "invalid_size",
  "below_min_notional",
  "price_outside_band",
  "post_only_would_cross",
  "reduce_only_would_increase",
  "fok_not_filled",
  "instrument_unknown",
  "instrument_not_trading",
  "too_many_orders",
  "duplicate_client_order_id",
  "order_not_found",
  "order_already_done",
  "rate_limited",
  "authentication",
  "permission",
  "maintenance",
  "self_trade",
  "unsupported",
  /** The connection was down: nothing left this machine, so the order can't exist. */
  "not_sent",
  "other",
] as const;
export type RejectCode = (typeof rejectCodes)[number];

export const cancelReasons = [
  "requested",
  "ioc_remainder",
  "post_only_would_cross",
  "reduce_only",
  "self_trade",
  "dead_mans_switch",
  "liquidation",
  "insufficient_margin",
  "venue",
  "not_found",
] as const;
export type CancelReason = (typeof cancelReasons)[number];

/** A no, by the venue or before anything was sent: ours in one set of codes, the venue's own beside it. */
export interface Rejection {
  readonly kind: "rejected";
  readonly code: RejectCode;
  readonly venueCode: string;
  readonly venueText: string;
}

/** Why nobody knows whether a request took effect. What surely never left is `rejected` as `not_sent`. */
export type UnknownWhy = "timeout" | "disconnected" | "garbled_reply";

export interface UnknownOutcome {
  readonly kind: "unknown";
  readonly why: UnknownWhy;
  readonly details: string;
}

/** The end of one submission. Acknowledged is not filled; unknown may be live. */
export type SubmitOutcome =
  | { readonly kind: "acknowledged"; readonly venueOrderId: VenueOrderId; readonly tsVenueMs: number }
  | Rejection
  | UnknownOutcome;

export type CancelOutcome =
  | { readonly kind: "acknowledged" }
  /** The order is done already, perhaps filled: ask. */
  | { readonly kind: "already_done"; readonly venueText: string }
  | Rejection
  | UnknownOutcome;

export type AmendOutcome =
  | { readonly kind: "acknowledged"; readonly venueOrderId: VenueOrderId }
  | { readonly kind: "already_done"; readonly venueText: string }
  | Rejection
  | UnknownOutcome;

/** The end of a change of an account's settings, such as leverage. */
export type SettingOutcome = { readonly kind: "acknowledged" } | Rejection | UnknownOutcome;

/** The venue's word on one order, from its private stream or a query. Cumulative, so repeats and reordering do no harm. */
export interface OrderReport {
  readonly instrument: InstrumentId;
  readonly clientOrderId: ClientOrderId | undefined;
  readonly venueOrderId: VenueOrderId;
  readonly side: Side;
  readonly sizeLots: SizeLots;
  readonly filledLots: SizeLots;
  readonly limitPriceTicks: PriceTicks | undefined;
  /** There while an order, open, waits at the venue for this price. */
  readonly triggerPriceTicks?: PriceTicks | undefined;
  readonly reduceOnly: boolean;
  readonly status: "open" | "filled" | "cancelled" | "rejected" | "expired";
  readonly reason: RejectCode | CancelReason | undefined;
  readonly venueText: string | undefined;
  readonly tsVenueMs: number;
}

/** The answer to "do you know this client order id?". */
export type OrderQueryOutcome =
  | { readonly kind: "found"; readonly report: OrderReport }
  | { readonly kind: "not_found" }
  | { readonly kind: "failed"; readonly details: string };
