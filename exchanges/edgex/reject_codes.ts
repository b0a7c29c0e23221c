/**
 * EdgeX's words for a no, in ours. The venue publishes no list of its codes: the few that were seen are named, the others
 * are known by the words that they are made of, and what says nothing is `other`.
 *
 * Seen (autumn 2026): INVALID_API_KEY, GATEWAY_HEADER_REQUIRED, GATEWAY_PARAM_INVALID, INVALID_GET_PAGE_SIZE,
 * INVALID_CONTRACT_ID, ACCOUNT_UPDATE_LEVERAGE_FAILED_ORDER.
 */
import type { CancelReason, RejectCode } from "@berth/sdk";

/** By the first that fits. */
const words: readonly (readonly [RegExp, RejectCode])[] = [
  [/RATE_LIMIT|TOO_MANY_REQUEST|TOO_FREQUENT|HTTP_429/, "rate_limited"],
  [/MAINTENANCE/, "maintenance"],
  [/API_KEY|PASSPHRASE|SIGNATURE|TIMESTAMP|GATEWAY_HEADER|UNAUTHORI[SZ]ED|L2_NONCE|SIGNER/, "authentication"],
  [/PERMISSION|FORBIDDEN|NOT_ALLOWED/, "permission"],
  [/DUPLICATE|ALREADY_EXIST|CLIENT_ORDER_ID_EXIST/, "duplicate_client_order_id"],
  [/ORDER_NOT_(FOUND|EXIST)/, "order_not_found"],
  [/ORDER_(FILLED|CANCELED|FINISHED)/, "order_already_done"],
  [/ORDER_(COUNT|NUM)|TOO_MANY_ORDER/, "too_many_orders"],
  [/REDUCE_ONLY/, "reduce_only_would_increase"],
  [/POST_ONLY/, "post_only_would_cross"],
  [/FILL_OR_KILL/, "fok_not_filled"],
  [/SELF_TRADE/, "self_trade"],
  [/MARGIN|BALANCE|COLLATERAL|INSUFFICIENT|AVAILABLE_AMOUNT/, "insufficient_margin"],
  [/CONTRACT_(ID|NOT_FOUND|NOT_EXIST)|INVALID_CONTRACT/, "instrument_unknown"],
  [/TRADE_DISABLED|NOT_TRADABLE|MARKET_CLOSED|SUSPENDED|OPEN_POSITION_DISABLED/, "instrument_not_trading"],
  [/PRICE.*(RATIO|BAND|LIMIT|TOO_)|PRICE_OUT/, "price_outside_band"],
  [/PRICE/, "invalid_price"],
  [/SIZE|QUANTITY/, "invalid_size"],
];

export const rejectCodeOf = (code: string): RejectCode =>
  words.find(([pattern]) => pattern.test(code))?.[1] ?? "other";

/**
 * Whether nobody knows if a request took effect: the venue's own trouble, and its gateway's "too many", of which it is
 * not documented that nothing was let in.
 */
export const isUnknownOutcome = (code: string): boolean =>
  /HTTP_429|TIMEOUT|INTERNAL|SYSTEM_(BUSY|ERROR|EXCEPTION)|UNAVAILABLE|GATEWAY_ERROR/.test(code);

/** The venue has no time: asked again later, the same question is answered. */
export const isBusy = (code: string): boolean =>
  isUnknownOutcome(code) || ["rate_limited", "maintenance"].includes(rejectCodeOf(code));

export type OrderEnd =
  | { readonly status: "cancelled"; readonly reason: CancelReason }
  | { readonly status: "rejected"; readonly reason: RejectCode }
  | { readonly status: "expired"; readonly reason: undefined };

const cancelReasons: Readonly<Record<string, CancelReason>> = {
  USER_CANCELED: "requested",
  REDUCE_ONLY_CANCELED: "reduce_only",
  REDUCE_ONLY_CAN_NOT_MATCH: "reduce_only",
  LIQUIDATE_CANCELED: "liquidation",
  MARGIN_NOT_ENOUGH: "insufficient_margin",
};

/** What a canceled order's reason says of its end: one that matching never let in is a rejected one to us. */
export function orderEnd(cancelReason: string, timeInForce: string, isPartlyFilled: boolean): OrderEnd {
  if (cancelReason === "EXPIRE_CANCELED") return { status: "expired", reason: undefined };
  if (cancelReason === "COULD_NOT_FILL") {
    if (timeInForce === "POST_ONLY") {
      return isPartlyFilled
        ? { status: "cancelled", reason: "post_only_would_cross" }
        : { status: "rejected", reason: "post_only_would_cross" };
    }
    if (timeInForce === "FILL_OR_KILL") return { status: "rejected", reason: "fok_not_filled" };
    return { status: "cancelled", reason: "ioc_remainder" };
  }
  return { status: "cancelled", reason: cancelReasons[cancelReason] ?? "venue" };
}
