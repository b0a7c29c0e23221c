/** Order records as they begin, and as what they end. */
import { type CauseId, causeId, type ClientOrderId, type PluginId } from "../model/ids.ts";
import type { CancelReason, Order, OrderIntent, OrderReport, RejectCode } from "../model/order.ts";
import type { OrderEvent } from "../model/order_transitions.ts";
import { sizeLots } from "../model/ticks.ts";
import type { AwaitedEnd, Tracked } from "./tracked_orders.ts";

const untouched = {
  venueOrderId: undefined,
  filledLots: sizeLots(0),
  filledTicksLots: 0n,
  reason: undefined,
  venueText: undefined,
} as const;

export function newOrder(intent: OrderIntent, clientOrderId: ClientOrderId, nowUs: number): Order {
  const { plugin, ref, instrument, side, sizeLots: size, reduceOnly, reducesPlugin, pricing, trigger } =
    intent;
  return {
    ...untouched,
    instrument,
    side,
    sizeLots: size,
    reduceOnly,
    ...(reducesPlugin === true ? { reducesPlugin } : {}),
    ...(trigger === undefined ? {} : { trigger }),
    pricing,
    clientOrderId,
    plugin,
    ref,
    status: "pending_new",
    cause: causeId(`intent/${plugin}/${ref}`),
    tsCreatedUs: nowUs,
    tsUpdatedUs: nowUs,
  };
}

/** An order of ours that the venue works and nobody here knew. */
export function adoptedOrder(
  report: OrderReport,
  clientOrderId: ClientOrderId,
  plugin: PluginId,
  cause: CauseId,
  nowUs: number,
): Order {
  const { limitPriceTicks, triggerPriceTicks } = report;
  return {
    ...untouched,
    instrument: report.instrument,
    side: report.side,
    sizeLots: report.sizeLots,
    reduceOnly: report.reduceOnly,
    // Of which kind it is nobody says; that it waits for a price is what it has to be cancelled by.
    ...(triggerPriceTicks === undefined ? {} : { trigger: { kind: "stop", triggerPriceTicks } }),
    pricing: limitPriceTicks === undefined
      ? { kind: "market", worstPriceTicks: undefined }
      : { kind: "limit", limitPriceTicks, timeInForce: "GTC", postOnly: false },
    clientOrderId,
    plugin,
    ref: `adopted_${clientOrderId}`,
    status: "accepted",
    cause,
    tsCreatedUs: nowUs,
    tsUpdatedUs: nowUs,
  };
}

type End = { readonly event: OrderEvent; readonly reason: RejectCode | CancelReason };

/** A venue that trims a reduce-only order calls it filled below our size: the rest is cancelled by the venue. */
export function endEvent({ order, isCancelWanted }: Tracked, end: AwaitedEnd): End {
  if (end.event === "filled") {
    const isWhole = order.filledLots >= order.sizeLots;
    return { event: isWhole ? "fill_complete" : "cancelled", reason: end.reason ?? "venue" };
  }
  if (end.event === "expired") return { event: "expired", reason: end.reason ?? "venue" };
  if (end.event === "rejected" && order.filledLots === 0) {
    return { event: "rejected", reason: end.reason ?? "other" };
  }
  return { event: "cancelled", reason: end.reason ?? cancelReason(order, isCancelWanted) };
}

function cancelReason({ pricing }: Order, isCancelWanted: boolean): CancelReason {
  if (isCancelWanted) return "requested";
  const isImmediate = pricing.kind === "market" || pricing.timeInForce === "IOC";
  return isImmediate ? "ioc_remainder" : "venue";
}
