/** Aster's error codes in our words (its documentation, "Error Codes", June 2026). What is not listed is `other`. */
import type { CancelReason, RejectCode } from "@berth/sdk";

const rejectCodes: Readonly<Record<string, RejectCode>> = {
  "-1002": "permission",
  "-1003": "rate_limited",
  "-1011": "permission",
  "-1015": "rate_limited",
  "-1016": "maintenance",
  "-1020": "unsupported",
  "-1021": "authentication",
  "-1022": "authentication",
  "-1111": "invalid_price",
  "-1121": "instrument_unknown",
  "-2011": "order_not_found",
  "-2013": "order_not_found",
  "-2014": "authentication",
  "-2015": "authentication",
  "-2018": "insufficient_margin",
  "-2019": "insufficient_margin",
  "-2020": "fok_not_filled",
  "-2021": "invalid_price",
  "-2022": "reduce_only_would_increase",
  "-2023": "permission",
  "-2024": "reduce_only_would_increase",
  "-2025": "too_many_orders",
  "-2026": "unsupported",
  "-2027": "insufficient_margin",
  "-2028": "insufficient_margin",
  "-4001": "invalid_price",
  "-4002": "invalid_price",
  "-4003": "invalid_size",
  "-4004": "invalid_size",
  "-4005": "invalid_size",
  "-4006": "invalid_price",
  "-4007": "invalid_price",
  "-4013": "invalid_price",
  "-4014": "invalid_price",
  "-4016": "price_outside_band",
  "-4023": "invalid_size",
  "-4024": "price_outside_band",
  "-4045": "too_many_orders",
  "-4061": "unsupported",
  "-4087": "permission",
  "-4088": "permission",
  // Named for transfers in the documentation; the API that Aster's is modelled on has -4116 for orders.
  "-4115": "duplicate_client_order_id",
  "-4116": "duplicate_client_order_id",
  "-4118": "reduce_only_would_increase",
  "-4131": "price_outside_band",
  "-4140": "instrument_not_trading",
  "-4141": "instrument_not_trading",
  "-4142": "invalid_price",
  "-4164": "below_min_notional",
  "-4183": "price_outside_band",
  "-4184": "price_outside_band",
  "-4225": "authentication",
  "-5022": "post_only_would_cross",
};

export const rejectCodeOf = (code: string): RejectCode => rejectCodes[code] ?? "other";

/** After these nobody knows whether a request took effect: the venue's own timeout, its lost answers, its internal errors. */
export const unknownCodes: ReadonlySet<string> = new Set(["-1000", "-1001", "-1006", "-1007"]);

/** Too many requests: the next ones wait. */
export const rateLimitCodes: ReadonlySet<string> = new Set(["-1003", "-1015"]);

/** The clock is off, or a nonce came too late: the venue's time is asked for anew. */
export const staleCodes: ReadonlySet<string> = new Set(["-1021", "-4225"]);

/** A cancel or a change that met an order which is done, or gone. */
export const doneCodes: ReadonlySet<string> = new Set(["-2011", "-2013"]);

/** The setting stands as it was asked for. */
export const unchangedCodes: ReadonlySet<string> = new Set(["-4046", "-4059"]);

export type OrderEnd =
  | { readonly status: "cancelled"; readonly reason: CancelReason }
  | { readonly status: "rejected"; readonly reason: RejectCode };

/**
 * What the end of an order without a fill of all of it means. The venue tells no reason: an order that expires did so by
 * its kind or its time in force, and what matching never let in is a rejected one to us.
 *
 * @param order its `status` is `CANCELED` or `EXPIRED`
 */
export function orderEnd(order: {
  readonly status: string;
  readonly type: string;
  readonly timeInForce: string;
  readonly isPartlyFilled: boolean;
}): OrderEnd {
  const { isPartlyFilled, status, timeInForce, type } = order;
  if (status !== "EXPIRED") return { status: "cancelled", reason: "requested" };
  if (type === "MARKET" || timeInForce === "IOC") return { status: "cancelled", reason: "ioc_remainder" };
  if (!isPartlyFilled && timeInForce === "GTX") {
    return { status: "rejected", reason: "post_only_would_cross" };
  }
  if (!isPartlyFilled && timeInForce === "FOK") return { status: "rejected", reason: "fok_not_filled" };
  return { status: "cancelled", reason: "venue" };
}
