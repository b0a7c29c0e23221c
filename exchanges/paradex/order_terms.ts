/** Orders in the venue's terms: what is signed, what is sent, what the venue can't do. */
import { formatIncrements, type Instrument, type OrderRequest } from "@berth/sdk";
import type { SignedOrder } from "./signing.ts";

/** The venue's types of orders that wait for a price. A stop that only reduces is a "stop loss" there. */
const triggerTypes = {
  stop: { opening: "STOP", closing: "STOP_LOSS" },
  take_profit: { opening: undefined, closing: "TAKE_PROFIT" },
} as const;

/** Why the venue can't take this order, or undefined. */
export function unsupportedOf({ pricing, reduceOnly, trigger }: OrderRequest): string | undefined {
  if (trigger?.kind === "take_profit" && !reduceOnly) return "a take-profit order of Paradex only reduces";
  if (pricing.kind === "market") return undefined;
  if (pricing.timeInForce === "FOK") return "Paradex has no fill-or-kill";
  if (pricing.postOnly && pricing.timeInForce === "IOC") return "an order can't be post-only and IOC";
  if (trigger === undefined) return undefined;
  if (pricing.timeInForce === "IOC") {
    return "an order with a trigger can't be IOC; a market order takes at once";
  }
  return pricing.postOnly && reduceOnly ? "a stop-loss or take-profit order can't be post-only" : undefined;
}

/**
 * The price limit as the venue takes it. A market order with a worst price goes as limit IOC: that price holds exactly,
 * where the venue's own market orders are bounded by its slippage settings. Behind a trigger there is no IOC: a market
 * order is the venue's own then, and bounded by its price bands alone.
 */
function limitTicksOf({ pricing, trigger }: OrderRequest): number | undefined {
  if (pricing.kind === "limit") return pricing.limitPriceTicks;
  return trigger === undefined ? pricing.worstPriceTicks : undefined;
}

function typeOf({ reduceOnly, trigger }: OrderRequest, isMarket: boolean): string {
  const suffix = isMarket ? "MARKET" : "LIMIT";
  if (trigger === undefined) return suffix;
  const { closing, opening } = triggerTypes[trigger.kind];
  return `${reduceOnly || opening === undefined ? closing : opening}_${suffix}`;
}

function instructionOf({ pricing, trigger }: OrderRequest, isMarket: boolean): "GTC" | "IOC" | "POST_ONLY" {
  if (pricing.kind === "market") return isMarket || trigger !== undefined ? "GTC" : "IOC";
  if (pricing.postOnly) return "POST_ONLY";
  return pricing.timeInForce === "IOC" ? "IOC" : "GTC";
}

/** The signed fields of an order that was found supported. */
export function signedTerms(order: OrderRequest, instrument: Instrument, timestampMs: number): SignedOrder {
  const limitTicks = limitTicksOf(order);
  return {
    timestampMs,
    market: instrument.venueSymbol,
    side: order.side === "buy" ? "BUY" : "SELL",
    type: typeOf(order, limitTicks === undefined),
    size: formatIncrements(order.sizeLots, instrument.lot),
    price: limitTicks === undefined ? "0" : formatIncrements(limitTicks, instrument.tick),
  };
}

/** Signed fields as they are sent. */
export const wireTerms = (terms: SignedOrder) => ({
  market: terms.market,
  side: terms.side,
  type: terms.type,
  size: terms.size,
  price: terms.price,
});

/** Body of `POST /orders`, and parameters of `order.create`. */
export function orderBody(
  order: OrderRequest,
  instrument: Instrument,
  terms: SignedOrder,
  signature: string,
  recvWindowMs: number,
): Readonly<Record<string, unknown>> {
  const { trigger } = order;
  return {
    ...wireTerms(terms),
    instruction: instructionOf(order, terms.type.endsWith("MARKET")),
    client_id: order.clientOrderId,
    ...(order.reduceOnly ? { flags: ["REDUCE_ONLY"] } : {}),
    ...(trigger === undefined
      ? {}
      : { trigger_price: formatIncrements(trigger.triggerPriceTicks, instrument.tick) }),
    ...(recvWindowMs > 0 ? { recv_window: recvWindowMs } : {}),
    signature,
    signature_timestamp: terms.timestampMs,
  };
}
