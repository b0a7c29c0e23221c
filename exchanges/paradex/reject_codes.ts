/**
 * The venue's words for no → ours. Sources: [spec] the error list of the REST specification (2026-08), [ws] the
 * JSON-RPC codes of the WebSocket specification, [seen] texts observed by third parties; there is no complete
 * official list of cancel reasons.
 */
import type { CancelReason, RejectCode } from "@berth/sdk";

/** `error` of a refused REST request, and the same words inside WebSocket errors. */
export const errorCodes: Readonly<Record<string, RejectCode>> = {
  VALIDATION_ERROR: "other", // [spec]
  BINDING_ERROR: "other", // [spec] the body did not fit
  INVALID_REQUEST_PARAMETER: "other", // [spec]
  INVALID_ORDER_SIZE: "invalid_size", // [spec]
  ORDER_SIZE_BELOW_MIN: "below_min_notional", // [seen] as cancel reason
  INVALID_PRICE_PRECISION: "invalid_price", // [seen] older clients
  INVALID_ORDER_SIGNATURE: "authentication", // [spec]
  STARKNET_SIGNATURE_VERIFICATION_FAILED: "authentication", // [spec]
  INVALID_STARKNET_SIGNATURE: "authentication", // [spec]
  INVALID_STARKNET_ADDRESS: "authentication", // [spec]
  BAD_STARKNET_REQUEST: "authentication", // [seen] older clients
  INVALID_SIGNATURE_EXPIRATION: "authentication", // [seen] older clients
  INVALID_TIMESTAMP: "authentication", // [spec] clock skew
  INVALID_TOKEN: "authentication", // [spec]
  NOT_ONBOARDED: "authentication", // [spec]
  PUBLIC_KEY_INVALID: "authentication", // [spec]
  INVALID_SUBKEY: "authentication", // [spec]
  UNAUTHORIZED_ERROR: "permission", // [spec]
  ACCOUNT_NOT_FOUND: "permission", // [spec]
  IP_NOT_ALLOWED: "permission", // [spec]
  GEO_IP_BLOCK: "permission", // [spec]
  INVALID_TOKEN_SCOPE: "permission", // [spec]
  REQUEST_NOT_ALLOWED: "permission", // [spec]
  NO_ACCESS_TO_MARKET: "permission", // [spec]
  RPI_ACCOUNT_NOT_WHITELISTED: "permission", // [spec]
  INVALID_SYMBOL: "instrument_unknown", // [spec]
  MARKET_NOT_FOUND: "instrument_unknown", // [spec]
  MARKET_NOT_OPEN: "instrument_not_trading", // [spec]
  MARKET_NOT_SETTLED: "instrument_not_trading", // [spec]
  MARKET_MARGIN_RESTRICTED: "insufficient_margin", // [spec]
  DUPLICATED_CLIENT_ID: "duplicate_client_order_id", // [spec]
  NOT_UNIQUE: "duplicate_client_order_id", // [spec]
  ORDER_ID_NOT_FOUND: "order_not_found", // [spec]
  CLIENT_ORDER_ID_NOT_FOUND: "order_not_found", // [spec]
  NOT_FOUND: "order_not_found", // [spec]
  ORDER_IS_CLOSED: "order_already_done", // [spec]
  ORDER_IS_NOT_OPEN: "order_already_done", // [spec], "order is not open" on a change
  ORDER_IS_NOT_OPEN_YET: "other", // [seen] older clients; still NEW
  SYSTEM_STATUS_POST_ONLY: "maintenance", // [spec] the minutes around a release
  SYSTEM_STATUS_CANCEL_ONLY: "maintenance", // [spec]
  SERVICE_UNAVAILABLE: "maintenance", // [spec]
  RATE_LIMIT_EXCEEDED: "rate_limited", // [ws] text beside 42901
};

/** HTTP statuses and JSON-RPC codes, for refusals whose text holds no known word. */
const numericCodes: Readonly<Record<number, RejectCode>> = {
  401: "authentication",
  403: "permission",
  404: "order_not_found",
  429: "rate_limited",
  40110: "authentication", // [ws] malformed bearer
  40111: "authentication", // [ws] invalid bearer
  40112: "permission", // [ws] geo-blocked
  40300: "permission", // [ws] authentication required
  42901: "rate_limited", // [ws]
};

/** Reasons of a refusal by risk or matching: with nothing filled, such an order was rejected, not cancelled. */
const refusalReasons: Readonly<Record<string, RejectCode>> = {
  NOT_ENOUGH_MARGIN: "insufficient_margin", // [seen]
  POST_ONLY_WOULD_CROSS: "post_only_would_cross", // [seen]
  ORDER_SIZE_BELOW_MIN: "below_min_notional", // [seen] ccxt recording 2024-07
  ORDER_EXCEEDS_POSITION_LIMIT: "other", // [seen] the venue's own position limit
  REDUCE_ONLY_WILL_INCREASE: "reduce_only_would_increase", // [seen]
  SYSTEM_STATUS_POST_ONLY: "maintenance", // [spec] as error code
  SYSTEM_STATUS_CANCEL_ONLY: "maintenance", // [spec] as error code
};

/** Reasons that end an order which was working, or the rest of one that was filled in part. */
const endReasons: Readonly<Record<string, CancelReason>> = {
  USER_CANCELED: "requested", // [seen]
  REMAINING_IOC_CANCEL: "ioc_remainder", // [seen]
  POST_ONLY_WOULD_CROSS: "post_only_would_cross", // [seen]
  NOT_ENOUGH_MARGIN: "insufficient_margin", // [seen] also deleveraging of open orders
  REDUCE_ONLY_WILL_INCREASE: "reduce_only", // [seen]
  REDUCE_ONLY_WILL_DECREASE: "reduce_only", // [seen]
  SELF_TRADE: "self_trade", // [seen]
  CANCEL_ON_DISCONNECT: "dead_mans_switch", // not documented; kept for a venue that names it
};

/**
 * Our code for a refusal. `venueCode` is an error word or `HTTP_<status>`; a WebSocket error gives its number and a
 * text in which a known word may stand.
 */
export function rejectCodeOf(venueCode: string, venueText: string, number?: number): RejectCode {
  const direct = lookUp(errorCodes, venueCode);
  if (direct !== undefined) return direct;
  const word = knownWordIn(venueText);
  const fromWord = word === undefined ? undefined : lookUp(errorCodes, word) ?? lookUp(refusalReasons, word);
  const status = number ?? Number(/^HTTP_(\d{3})$/.exec(venueCode)?.[1] ?? Number.NaN);
  return fromWord ?? numericCodes[status] ?? "other";
}

/** The first of the venue's error words in free text: WebSocket errors carry it in their message. */
export function knownWordIn(text: string): string | undefined {
  return (text.match(/[A-Z][A-Z_]{3,}/g) ?? []).find((word) =>
    Object.hasOwn(errorCodes, word) || Object.hasOwn(refusalReasons, word)
  );
}

export type OrderEnd =
  | { readonly status: "filled"; readonly reason: undefined }
  | { readonly status: "cancelled"; readonly reason: CancelReason }
  | { readonly status: "rejected"; readonly reason: RejectCode };

/**
 * What CLOSED means: the venue has no status for filled, cancelled or rejected, they follow from the reason and from
 * what is left.
 */
export function orderEnd(order: {
  readonly cancelReason: string;
  readonly filledLots: number;
  readonly remainingLots: number;
}): OrderEnd {
  if (order.remainingLots === 0 && order.filledLots > 0) return { status: "filled", reason: undefined };
  const refusal = lookUp(refusalReasons, order.cancelReason);
  if (refusal !== undefined && order.filledLots === 0) return { status: "rejected", reason: refusal };
  return { status: "cancelled", reason: lookUp(endReasons, order.cancelReason) ?? "venue" };
}

/** The venue's text is foreign: a plain index would find `constructor`. */
function lookUp<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
