/**
 * How far an order's price may cross. A new order beyond the collar is refused; a market order is sent with the bound
 * as its worst price. A reduce-only order always passes, but never worse than its own, wider bound: its price is
 * moved there.
 *
 * What bounds a reduce-only order, first that exists: the looser of the young mark price and the young opposite best
 * price, at `reduceOnlyCollarBps`; else the last known mark, opposite best, trade or the position's own entry
 * price, however old, at `reduceOnlyFallbackBps`. So there is always a bound, for a position has an entry price. One that
 * waits at the venue for a price is bounded from that price: there it will trade.
 */
import type { Side } from "../../model/order.ts";
import { fittedTicks, type Increment, incrementsToNumber, incrementValue } from "../../model/ticks.ts";
import type { OrderFacts } from "../order_facts.ts";
import type { Refusal } from "../../model/refusals.ts";

/**
 * The worst price a side may have at `bps` from a reference, in whole ticks and, where the venue limits them, figures;
 * undefined without a reference.
 */
export function collarBound(
  side: Side,
  reference: number,
  bps: number,
  tick: Increment,
  maxFigures?: number,
): number | undefined {
  const bound = side === "buy" ? reference * (1 + bps / 10_000) : reference * (1 - bps / 10_000);
  // A price that is no whole number of ticks within 2^53, as a broken feed may send it, is no price.
  const isPrice = reference > 0 && Math.abs(bound) / incrementValue(tick) < Number.MAX_SAFE_INTEGER / 2;
  if (!isPrice) return undefined;
  const inwards = side === "buy" ? "down" : "up";
  return fittedTicks(bound, { tick, maxPriceFigures: maxFigures }, inwards);
}

/** Whether a price is beyond a bound: above it for a buy, below it for a sell. */
export const isBeyond = (side: Side, priceTicks: number, boundTicks: number): boolean =>
  side === "buy" ? !(priceTicks <= boundTicks) : !(priceTicks >= boundTicks);

export type CollarResult =
  /** The worst price the order may be sent with: its own limit, or the bound. */
  | { readonly kind: "price"; readonly priceTicks: number }
  | { readonly kind: "refused"; readonly refusal: Refusal };

const price = (priceTicks: number): CollarResult => ({ kind: "price", priceTicks });
const refused = (refusal: Refusal): CollarResult => ({ kind: "refused", refusal });

/** For orders that may add risk. Quote and mark are fresh: another limit has seen to it. */
export function checkPriceCollar({ intent, market, marketLimits, instrument }: OrderFacts): CollarResult {
  const { side, pricing } = intent;
  const { collarMarkBps, collarQuoteBps } = marketLimits;
  const { tick, maxPriceFigures } = instrument;
  const markBound = collarBound(side, market.markPrice, collarMarkBps, tick, maxPriceFigures);
  const opposite = side === "buy" ? market.askPrice : market.bidPrice;
  const quoteBound = collarBound(side, opposite, collarQuoteBps, tick, maxPriceFigures);
  if (markBound === undefined) return refused({ code: "MARK_MISSING", facts: { instrument: instrument.id } });
  if (quoteBound === undefined) {
    const facts = { instrument: instrument.id, side: side === "buy" ? "ask" : "bid" };
    return refused({ code: "QUOTE_MISSING", facts });
  }
  if (pricing.kind === "market") {
    const tighter = isBeyond(side, markBound, quoteBound) ? quoteBound : markBound;
    const own = pricing.worstPriceTicks;
    return price(own === undefined || isBeyond(side, own, tighter) ? tighter : own);
  }
  const priceTicks = pricing.limitPriceTicks;
  if (isBeyond(side, priceTicks, markBound)) {
    const facts = { priceTicks, boundTicks: markBound, collarBps: collarMarkBps };
    return refused({ code: "PRICE_COLLAR_MARK", facts });
  }
  if (isBeyond(side, priceTicks, quoteBound)) {
    const facts = { priceTicks, boundTicks: quoteBound, collarBps: collarQuoteBps };
    return refused({ code: "PRICE_COLLAR_QUOTE", facts });
  }
  return price(priceTicks);
}

function reducingBound(
  { intent, market, marketLimits, instrument, reducible }: OrderFacts,
): number | undefined {
  const { side, trigger } = intent;
  const opposite = side === "buy" ? market.askPrice : market.bidPrice;
  const bound = (reference: number, bps: number) =>
    collarBound(side, reference, bps, instrument.tick, instrument.maxPriceFigures);
  if (trigger !== undefined) {
    const triggerPrice = incrementsToNumber(trigger.triggerPriceTicks, instrument.tick);
    return bound(triggerPrice, marketLimits.reduceOnlyCollarBps);
  }
  const isMarkYoung = market.markAgeMs <= marketLimits.maxMarkAgeMs;
  const isQuoteYoung = market.quoteAgeMs <= marketLimits.maxQuoteAgeMs && !market.isCrossed;
  const byMark = isMarkYoung ? bound(market.markPrice, marketLimits.reduceOnlyCollarBps) : undefined;
  const byQuote = isQuoteYoung ? bound(opposite, marketLimits.reduceOnlyCollarBps) : undefined;
  if (byMark !== undefined && byQuote !== undefined) {
    return isBeyond(side, byMark, byQuote) ? byMark : byQuote;
  }
  const young = byMark ?? byQuote;
  if (young !== undefined) return young;
  const entryPrice = (reducible.entryTicks * instrument.tick.units) / 10 ** instrument.tick.decimals;
  const old = [market.markPrice, opposite, market.lastTradePrice, entryPrice].find((reference) =>
    reference > 0
  );
  return old === undefined ? undefined : bound(old, marketLimits.reduceOnlyFallbackBps);
}

/** For true reduce-only orders. */
export function boundReducingPrice(facts: OrderFacts): CollarResult {
  const { side, pricing } = facts.intent;
  const bound = reducingBound(facts);
  const own = pricing.kind === "limit" ? pricing.limitPriceTicks : pricing.worstPriceTicks;
  if (bound === undefined) {
    return own === undefined
      ? refused({ code: "PRICE_UNBOUNDED", facts: { instrument: facts.instrument.id } })
      : price(own);
  }
  return price(own === undefined || isBeyond(side, own, bound) ? bound : own);
}
