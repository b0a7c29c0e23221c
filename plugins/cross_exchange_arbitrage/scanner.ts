/**
 * What one direction of one pair of venues is worth now: executable prices for the size that would be traded, fees of
 * both venues, funding until the expected close. Pure: the market is handed in.
 */
import { type ExecutablePrice, type Instrument, isTwoSided, type Quote } from "@berth/sdk";
import { type FundingTerms, nextPaymentMs, pairFundingBps } from "./funding.ts";
import { edgeOf, grossEdgeBps, openingSteps, type SizeStep, stepsToBase } from "./net_edge.ts";
import { type Making, restingPrice } from "./maker_quote.ts";
import type { ArbitrageSettings } from "./settings.ts";

/** One direction of one pair of venues, with all that does not change from quote to quote. */
export interface Route {
  readonly key: string;
  readonly symbol: string;
  readonly buy: Instrument;
  readonly sell: Instrument;
  readonly step: SizeStep;
}

/** One side of a route as it is now. */
export interface SideMarket {
  readonly quote: Quote;
  readonly ageMs: number;
  readonly funding: FundingTerms;
  /** Price for a size by the book; undefined without one. */
  readonly executable: (sizeBase: number) => ExecutablePrice | undefined;
  /** Base units that the book shows within the price cap; 0 without one. */
  readonly depthBase: number;
}

export interface Opportunity {
  readonly route: Route;
  readonly buyQuote: Quote;
  readonly sellQuote: Quote;
  /** The leg that rests; undefined where both are taken. */
  readonly making: Making | undefined;
  readonly steps: number;
  readonly sizeBase: number;
  /** For the size: mean of what would be bought and sold; where a leg rests, its own price. */
  readonly buyPrice: number;
  readonly sellPrice: number;
  /** Of the best prices, or the resting price and the best one, whatever the size: what is compared over time. */
  readonly spreadBps: number;
  readonly grossBps: number;
  readonly slippageBps: number;
  readonly feesBps: number;
  /** Gross minus the fees of the opening legs. */
  readonly netBps: number;
  readonly fundingBps: number;
  /** Of the two closing legs, which are taken. */
  readonly closingFeesBps: number;
  /** Gross minus all four fees, plus funding: what is left if it closes at equal prices. */
  readonly expectedBps: number;
  /** Expected value in the quote currency × freshness of the older quote. */
  readonly score: number;
}

/** What would be paid and got at best, where one leg may rest; NaN where a side is missing. */
export function touchPrices(
  route: Pick<Route, "buy" | "sell">,
  buy: Quote,
  sell: Quote,
  making: Making | undefined,
  ticksInside: number,
): { readonly buyPrice: number; readonly sellPrice: number } {
  return {
    buyPrice: making === "buy" ? restingPrice(buy, "buy", route.buy, ticksInside) : buy.askPrice,
    sellPrice: making === "sell" ? restingPrice(sell, "sell", route.sell, ticksInside) : sell.bidPrice,
  };
}

/**
 * What the route offers, worth taking or not; undefined when there is not even a gross edge.
 *
 * @param making the leg that would rest; it is sized by the other's depth alone
 */
export function evaluate(
  route: Route,
  buy: SideMarket,
  sell: SideMarket,
  settings: ArbitrageSettings,
  nowMs: number,
  making?: Making,
): Opportunity | undefined {
  const touch = touchPrices(route, buy.quote, sell.quote, making, settings.makerTicksInside);
  const spreadBps = grossEdgeBps(touch.buyPrice, touch.sellPrice);
  if (!(spreadBps > 0)) return undefined;
  const steps = openingSteps(
    {
      quote: deepened(buy.quote, making === "buy" ? Infinity : buy.depthBase, "ask"),
      instrument: route.buy,
    },
    {
      quote: deepened(sell.quote, making === "sell" ? Infinity : sell.depthBase, "bid"),
      instrument: route.sell,
    },
    route.step,
    settings,
  );
  const sizeBase = stepsToBase(steps, route.step);
  const taken = (side: SideMarket, best: number): number => side.executable(sizeBase)?.averagePrice ?? best;
  const buyPrice = making === "buy" ? touch.buyPrice : taken(buy, touch.buyPrice);
  const sellPrice = making === "sell" ? touch.sellPrice : taken(sell, touch.sellPrice);
  const buyFeeBps = making === "buy" ? route.buy.makerFeeBps : route.buy.takerFeeBps;
  const sellFeeBps = making === "sell" ? route.sell.makerFeeBps : route.sell.takerFeeBps;
  const closingFeesBps = route.buy.takerFeeBps + route.sell.takerFeeBps;
  const edge = edgeOf(buyPrice, sellPrice, buyFeeBps, sellFeeBps, closingFeesBps);
  const fundingBps = pairFundingBps(buy.funding, sell.funding, nowMs, nowMs + settings.expectedHoldMs);
  const expectedBps = edge.roundTripBps + fundingBps;
  const oldestMs = Math.max(buy.ageMs, sell.ageMs);
  const freshness = Math.max(0, 1 - oldestMs / settings.maxQuoteAgeMs);
  return {
    route,
    buyQuote: buy.quote,
    sellQuote: sell.quote,
    making,
    steps,
    sizeBase,
    buyPrice,
    sellPrice,
    spreadBps,
    grossBps: edge.grossBps,
    slippageBps: spreadBps - edge.grossBps,
    feesBps: edge.feesBps,
    netBps: edge.netBps,
    fundingBps,
    closingFeesBps,
    expectedBps,
    score: (expectedBps / 10_000) * sizeBase * buyPrice * freshness,
  };
}

/** Whether the costs are paid: by the opening alone and over the round trip. */
export function paysItsCosts(
  opportunity: Opportunity,
  settings: ArbitrageSettings,
  bonusBps: number,
): boolean {
  return opportunity.netBps >= settings.minNetEdgeBps - bonusBps &&
    opportunity.expectedBps >= settings.minRoundTripBps - bonusBps;
}

/** The gross edge at which an opportunity's costs are just paid, by the opening alone and over the round trip. */
export function neededGrossBps(
  { feesBps, closingFeesBps, fundingBps }: Opportunity,
  { minNetEdgeBps, minRoundTripBps }: Pick<ArbitrageSettings, "minNetEdgeBps" | "minRoundTripBps">,
): number {
  return Math.max(minNetEdgeBps + feesBps, minRoundTripBps + feesBps + closingFeesBps - fundingBps);
}

/** Why the state of the market forbids opening; undefined when it does not. */
export function marketObstacle(
  opportunity: Opportunity,
  buy: SideMarket,
  sell: SideMarket,
  settings: ArbitrageSettings,
  nowMs: number,
): string | undefined {
  const { route } = opportunity;
  if (!(isTwoSided(buy.quote) && isTwoSided(sell.quote))) {
    return "a venue's own quote is one-sided or crossed";
  }
  if (!(Math.max(buy.ageMs, sell.ageMs) <= settings.maxQuoteAgeMs)) return "a quote is too old";
  if (route.buy.status !== "trading" || route.sell.status !== "trading") return "a venue is not trading it";
  if (opportunity.steps === 0) return "too little size for both venues' minimum";
  const dueMs = nextPaymentMs(buy.funding, sell.funding, nowMs);
  const isDue = settings.fundingBlackoutMs > 0 && dueMs - nowMs <= settings.fundingBlackoutMs;
  if (isDue && pairFundingBps(buy.funding, sell.funding, nowMs, dueMs) < 0) {
    return "a funding payment against it is near";
  }
  return undefined;
}

/** How it would be executed, for people. */
export function planOf(opportunity: Opportunity, mode: string, capBps: number): string {
  const { route, sizeBase, buyPrice, sellPrice, making } = opportunity;
  const at = (side: Making, price: number): string =>
    `${making === side ? "resting at" : "near"} ${Number(price.toPrecision(8))}`;
  const size = Number(sizeBase.toPrecision(6));
  const buying = `buy ${size} on ${route.buy.venue} ${at("buy", buyPrice)}`;
  const selling = `sell on ${route.sell.venue} ${at("sell", sellPrice)}`;
  return `${buying}, ${selling}, ${mode}, IOC within ${capBps} bps`.slice(0, 200);
}

/** A quote with what the book shows behind its best price. */
function deepened(quote: Quote, depthBase: number, side: "bid" | "ask"): Quote {
  if (side === "ask") return { ...quote, askSizeBase: Math.max(quote.askSizeBase, depthBase) };
  return { ...quote, bidSizeBase: Math.max(quote.bidSizeBase, depthBase) };
}
