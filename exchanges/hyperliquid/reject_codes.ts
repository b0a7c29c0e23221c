/**
 * Hyperliquid's words in ours. It has no numbers for errors: a part of the text decides, and what is not listed is
 * `other`. Texts as documented and observed in autumn 2026.
 *
 * @see https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/error-responses
 */
import type { CancelReason, OrderReport, RejectCode } from "@berth/sdk";

/** First that fits; the venue may add ` asset=<n>`. */
const texts: readonly (readonly [part: string, code: RejectCode])[] = [
  ["divisible by tick size", "invalid_price"],
  ["invalid price", "invalid_price"],
  ["Invalid TP/SL price", "invalid_price"],
  ["invalid size", "invalid_size"],
  ["zero size", "invalid_size"],
  ["minimum value", "below_min_notional"],
  ["Insufficient margin", "insufficient_margin"],
  ["margin tier limit", "insufficient_margin"],
  ["Insufficient spot balance", "insufficient_margin"],
  ["Reduce only order would increase", "reduce_only_would_increase"],
  ["Post only order would have immediately matched", "post_only_would_cross"],
  ["Only post-only orders allowed", "instrument_not_trading"],
  // An order that had to be filled at once and was not: the venue has no other kind than IOC.
  ["could not immediately match", "fok_not_filled"],
  ["No liquidity available", "fok_not_filled"],
  ["more than 80% away", "price_outside_band"],
  ["too far from oracle", "price_outside_band"],
  ["open interest", "instrument_not_trading"],
  ["Trading is halted", "instrument_not_trading"],
  ["invalid asset", "instrument_unknown"],
  ["never placed, already canceled, or filled", "order_already_done"],
  ["Cannot modify canceled or filled order", "order_already_done"],
  ["Too many cumulative requests", "rate_limited"],
  ["Too many open orders", "too_many_orders"],
  ["cloid", "duplicate_client_order_id"],
  ["does not exist", "authentication"],
  ["Must deposit before performing actions", "authentication"],
  ["nonce", "authentication"],
  ["Vault not registered", "authentication"],
  ["Vault may not perform", "permission"],
  ["Invalid leverage", "other"],
];

export const rejectCodeOf = (text: string): RejectCode =>
  texts.find(([part]) => text.toLowerCase().includes(part.toLowerCase()))?.[1] ?? "other";

/** The text says that the order is done or was never there. */
export const isDoneText = (text: string): boolean => rejectCodeOf(text) === "order_already_done";

const rejected: Readonly<Record<string, RejectCode>> = {
  tickRejected: "invalid_price",
  badTriggerPxRejected: "invalid_price",
  minTradeNtlRejected: "below_min_notional",
  minTradeSpotNtlRejected: "below_min_notional",
  perpMarginRejected: "insufficient_margin",
  perpMaxPositionRejected: "insufficient_margin",
  insufficientSpotBalanceRejected: "insufficient_margin",
  reduceOnlyRejected: "reduce_only_would_increase",
  badAloPxRejected: "post_only_would_cross",
  iocCancelRejected: "fok_not_filled",
  marketOrderNoLiquidityRejected: "fok_not_filled",
  oracleRejected: "price_outside_band",
  tooManyOpenOrdersRejected: "too_many_orders",
};
const cancelled: Readonly<Record<string, CancelReason>> = {
  canceled: "requested",
  marginCanceled: "insufficient_margin",
  selfTradeCanceled: "self_trade",
  reduceOnlyCanceled: "reduce_only",
  liquidatedCanceled: "liquidation",
  scheduledCancel: "dead_mans_switch",
};

export interface OrderEnd {
  readonly status: OrderReport["status"];
  readonly reason: OrderReport["reason"];
}

/**
 * An order's status in our words; new ones go by their ending. A triggered order is open: what it becomes is told next.
 * An IOC order that was filled in part ends as `canceled`, like one that we cancelled.
 */
export function orderEnd(status: string): OrderEnd | undefined {
  if (status === "open" || status === "triggered") return { status: "open", reason: undefined };
  if (status === "filled") return { status: "filled", reason: undefined };
  const reason = cancelled[status];
  if (reason !== undefined) return { status: "cancelled", reason };
  if (/cancel(l?ed)?$/i.test(status)) return { status: "cancelled", reason: "venue" };
  if (/rejected$/i.test(status)) return { status: "rejected", reason: rejected[status] ?? "other" };
  return undefined;
}
