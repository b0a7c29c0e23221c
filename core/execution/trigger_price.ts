/** When a waiting order's price is reached. A sell is measured by the bid and a buy by the ask: what it would trade at. */
import type { OrderTrigger, Side } from "../model/order.ts";

/** Whether the order waits for a price at or below its own, or at or above it. */
export function triggerDirection(side: Side, kind: OrderTrigger["kind"]): "falls" | "rises" {
  const isAgainst = kind === "stop";
  return (side === "sell") === isAgainst ? "falls" : "rises";
}

/**
 * Whether it is reached. A sell stop at 95 fires when the bid is 95 or less, a sell take-profit when it is 95 or more.
 * NaN reaches nothing.
 */
export function isTriggered(
  side: Side,
  kind: OrderTrigger["kind"],
  triggerPrice: number,
  bidPrice: number,
  askPrice: number,
): boolean {
  const price = side === "sell" ? bidPrice : askPrice;
  return triggerDirection(side, kind) === "falls" ? price <= triggerPrice : price >= triggerPrice;
}
