/** The terms of an order while they are being changed: which hold, as far as anybody knows. */
import type { AmendedTerms, Order, OrderReport } from "../model/order.ts";

/** What one event changes of an order besides its status. */
export type OrderChange =
  & Partial<Pick<Order, "filledLots" | "filledTicksLots" | "reason" | "venueText">>
  & { readonly terms?: Pick<Order, "sizeLots" | "pricing" | "amending"> };

export const areSameTerms = (one: AmendedTerms | undefined, other: AmendedTerms): boolean =>
  one?.sizeLots === other.sizeLots && one.limitPriceTicks === other.limitPriceTicks;

/** Size and price of an order, or those that an amendment gives it. */
export function pricingAndSize(
  { sizeLots, pricing }: Order,
  amended?: AmendedTerms | undefined,
): Pick<Order, "sizeLots" | "pricing"> {
  if (amended === undefined || pricing.kind !== "limit") return { sizeLots, pricing };
  return { sizeLots: amended.sizeLots, pricing: { ...pricing, limitPriceTicks: amended.limitPriceTicks } };
}

/**
 * What a report says about an amendment that is on its way. Size and price that are the same before and after tell
 * nothing; `unclear` is a report of neither.
 */
export function termsReported(
  { sizeLots, pricing, amending }: Order,
  report: Pick<OrderReport, "sizeLots" | "limitPriceTicks">,
): "amended" | "unchanged" | "unclear" {
  if (amending === undefined || pricing.kind !== "limit") return "unclear";
  const is = (size: number, price: number): boolean =>
    report.sizeLots === size && (report.limitPriceTicks ?? price) === price;
  if (is(amending.sizeLots, amending.limitPriceTicks)) return "amended";
  return is(sizeLots, pricing.limitPriceTicks) ? "unchanged" : "unclear";
}

/** The terms of a report where they are others than the order's; undefined when it tells the same, or not enough. */
export function termsOf(
  { sizeLots, pricing }: Order,
  report: Pick<OrderReport, "sizeLots" | "limitPriceTicks">,
): AmendedTerms | undefined {
  if (pricing.kind !== "limit" || report.limitPriceTicks === undefined) return undefined;
  const found: AmendedTerms = { sizeLots: report.sizeLots, limitPriceTicks: report.limitPriceTicks };
  return found.sizeLots > 0 && !areSameTerms({ sizeLots, limitPriceTicks: pricing.limitPriceTicks }, found)
    ? found
    : undefined;
}
