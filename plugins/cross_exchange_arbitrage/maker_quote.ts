/**
 * Maker–taker: one leg rests post-only at a price of its own, the other is taken when that fills. What is earned is the
 * resting venue's own spread besides the difference of the two, and its maker fee instead of its taker fee.
 */
import { incrementValue, type Instrument, type Quote } from "@berth/sdk";

/** The leg that rests. */
export type Making = "buy" | "sell";

/**
 * Where a leg rests: so many ticks better than its side's best price, as far as it does not touch the other side. Bid 100,
 * ask 101, tick 0.5: a buy one tick inside rests at 100.5, three ticks inside at 100.5 as well. NaN without both sides.
 */
export function restingPrice(
  { bidPrice, askPrice }: Pick<Quote, "bidPrice" | "askPrice">,
  side: Making,
  { tick }: Pick<Instrument, "tick">,
  ticksInside: number,
): number {
  const step = incrementValue(tick);
  return side === "buy"
    ? Math.max(bidPrice, Math.min(bidPrice + ticksInside * step, askPrice - step))
    : Math.min(askPrice, Math.max(askPrice - ticksInside * step, bidPrice + step));
}

const relativeSpread = ({ bidPrice, askPrice }: Quote): number => (askPrice - bidPrice) / askPrice;

/** Who rests: the venue that is named, or the one that quotes wider: there is more to be earned by waiting. */
export function makingLeg(
  buy: { readonly quote: Quote; readonly venue: string },
  sell: { readonly quote: Quote; readonly venue: string },
  namedVenue: string,
): Making {
  if (namedVenue === buy.venue) return "buy";
  if (namedVenue === sell.venue) return "sell";
  return relativeSpread(buy.quote) >= relativeSpread(sell.quote) ? "buy" : "sell";
}

/**
 * The price of the other leg at which a gross edge is left: (sell − buy) ÷ mean = edge. A buy at 100 with 20 bps needs a sell
 * at 100 × (2 + 0.002) ÷ (2 − 0.002) = 100.2002.
 */
export function priceForEdge(restingPrice: number, side: Making, edgeBps: number): number {
  const half = edgeBps / 20_000;
  return side === "buy" ? restingPrice * ((1 + half) / (1 - half)) : restingPrice * ((1 - half) / (1 + half));
}

/**
 * The worst price at which the other leg is still taken: where the costs are just paid, and no further from its best price
 * than the cap.
 */
export function hedgeLimit(
  resting: { readonly side: Making; readonly price: number },
  bestPrice: number,
  neededGrossBps: number,
  capBps: number,
): number {
  const paying = priceForEdge(resting.price, resting.side, neededGrossBps);
  const cap = capBps / 10_000;
  return resting.side === "buy"
    ? Math.min(bestPrice, Math.max(paying, bestPrice * (1 - cap)))
    : Math.max(bestPrice, Math.min(paying, bestPrice * (1 + cap)));
}
