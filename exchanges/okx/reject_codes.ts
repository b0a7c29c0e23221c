/** OKX's error codes in our words (okx docs, error codes; state of autumn 2026). What is not listed is `other`. */
import type { CancelReason, RejectCode } from "@berth/sdk";

const rejectCodes: Readonly<Record<string, RejectCode>> = {
  "50001": "maintenance",
  "50011": "rate_limited",
  "50013": "maintenance",
  "50061": "rate_limited",
  "50101": "authentication",
  "50102": "authentication",
  "50103": "authentication",
  "50104": "authentication",
  "50105": "authentication",
  "50106": "authentication",
  "50107": "authentication",
  "50119": "authentication",
  "50110": "permission",
  "50111": "authentication",
  "50112": "authentication",
  "50113": "authentication",
  "50114": "permission",
  "51001": "instrument_unknown",
  "51004": "invalid_size",
  "51005": "invalid_size",
  "51006": "price_outside_band",
  "51008": "insufficient_margin",
  "51010": "permission",
  "51016": "duplicate_client_order_id",
  "51019": "post_only_would_cross",
  "51020": "invalid_size",
  "51022": "instrument_not_trading",
  "51023": "too_many_orders",
  "51027": "instrument_not_trading",
  "51028": "instrument_not_trading",
  "51029": "instrument_not_trading",
  "51030": "instrument_not_trading",
  "51112": "reduce_only_would_increase",
  "51119": "insufficient_margin",
  "51120": "invalid_size",
  "51121": "invalid_size",
  "51127": "insufficient_margin",
  "51131": "insufficient_margin",
  "51169": "reduce_only_would_increase",
  "51205": "reduce_only_would_increase",
  "51400": "order_not_found",
  "51401": "order_already_done",
  "51402": "order_already_done",
  "51503": "order_not_found",
  "51509": "order_already_done",
  "51510": "order_already_done",
  "51511": "post_only_would_cross",
  "51603": "order_not_found",
  "54008": "too_many_orders",
  "60011": "authentication",
  "60014": "rate_limited",
};

export const rejectCodeOf = (sCode: string): RejectCode => rejectCodes[sCode] ?? "other";

/** Codes after which nobody knows whether a request took effect: the venue's own timeout, and its internal error. */
export const unknownCodes: ReadonlySet<string> = new Set(["50004", "50026"]);

/** The venue has no time: asked again later, the same question is answered. */
export const busyCodes: ReadonlySet<string> = new Set(["50001", "50004", "50011", "50013", "50026", "50061"]);

/** Too many requests: the next ones wait. */
export const rateLimitCodes: ReadonlySet<string> = new Set(["50011", "50061", "60014"]);

/** A cancel that met an order which is done, or gone. */
export const doneCodes: ReadonlySet<string> = new Set(["51400", "51401", "51402", "51503", "51509", "51510"]);

/** A cancelled order that matching never let in is a rejected one to us. */
const refusedSources: Readonly<Record<string, RejectCode>> = {
  "13": "fok_not_filled",
  "15": "price_outside_band",
  "31": "post_only_would_cross",
};

const cancelSources: Readonly<Record<string, CancelReason>> = {
  "1": "requested",
  "3": "insufficient_margin",
  "6": "liquidation",
  "14": "ioc_remainder",
  "17": "reduce_only",
  "20": "dead_mans_switch",
  "21": "reduce_only",
  "22": "reduce_only",
  "23": "reduce_only",
  "24": "reduce_only",
  "32": "self_trade",
  "33": "ioc_remainder",
};

export type OrderEnd =
  | { readonly status: "cancelled"; readonly reason: CancelReason }
  | { readonly status: "rejected"; readonly reason: RejectCode };

/** What a cancelled order's `cancelSource` says of its end. With something filled it was let in. */
export function orderEnd(cancelSource: string, isPartlyFilled: boolean): OrderEnd {
  const refused = refusedSources[cancelSource];
  if (refused !== undefined && !isPartlyFilled) return { status: "rejected", reason: refused };
  return { status: "cancelled", reason: cancelSources[cancelSource] ?? "venue" };
}
