/**
 * Complete the lagging leg, or unwind the one that is ahead: which is cheaper at prices that can be had now, with the
 * fees of all orders that follow from it.
 */
import { symbolOf } from "../../model/ids.ts";
import { type LegGroup, type LegIndex, otherLeg } from "../../model/leg_group.ts";
import { oppositeSide, type Side } from "../../model/order.ts";
import { fittedTicks, type Increment, incrementValue, type PriceSteps } from "../../model/ticks.ts";
import type { Imbalance } from "./balance.ts";

/** What is known about a leg's market now. Prices are floats; NaN where none is young enough. */
export interface LegView {
  readonly tick: Increment;
  readonly maxPriceFigures?: number | undefined;
  readonly takerFeeBps: number;
  readonly minSizeLots: number;
  /** 0 for no limit. */
  readonly maxSizeLots: number;
  /** Average price at which so many lots can be bought or sold at once, by the book where there is one. */
  readonly executablePrice: (side: Side, lots: number) => number;
  /** What the plugin holds of the instrument in the leg's direction, all its groups together; undefined: not known. */
  readonly availableLots: number | undefined;
}

export type LegViews = readonly [LegView, LegView];

/** A completing order reaches at most this far beyond the live price, however much room the comparison leaves. */
const maxReachBps = 50;
const maxExitCapBps = 1_000;

/** Difference of two prices in bps of their mean: what selling at one and buying at the other brings. */
export const edgeBps = (buyPrice: number, sellPrice: number): number =>
  ((sellPrice - buyPrice) / ((sellPrice + buyPrice) / 2)) * 10_000;

const edgeOf = (side: Side, own: number, other: number): number =>
  side === "buy" ? edgeBps(own, other) : edgeBps(other, own);

/** The price `bps` worse for `side`, as the venue has it, in ticks. */
export function worsenedTicks(side: Side, price: number, bps: number, steps: PriceSteps): number {
  const worse = side === "buy" ? price * (1 + bps / 10_000) : price * (1 - bps / 10_000);
  return fittedTicks(worse, steps, side === "buy" ? "down" : "up");
}

/** Average price at which a leg was opened; NaN when it was not. */
export function averageOpenPrice(group: LegGroup, leg: LegIndex, tick: Increment): number {
  const { openedLots, openedTicksLots } = group.totals[leg];
  return openedLots === 0 ? NaN : (Number(openedTicksLots) / openedLots) * incrementValue(tick);
}

/**
 * What the pair is worth if the lagging leg is opened at `price`: against the leading leg's entry where both are the
 * same symbol, else against the lagging leg's own limit, at which the plugin would have had it.
 */
function completedEdgeBps(group: LegGroup, excess: LegIndex, price: number, views: LegViews): number {
  const lagging = otherLeg(excess);
  const [leading, behind] = [group.terms.legs[excess], group.terms.legs[lagging]];
  if (symbolOf(leading.instrument) === symbolOf(behind.instrument)) {
    return edgeOf(leading.side, averageOpenPrice(group, excess, views[excess].tick), price);
  }
  const limit = behind.limitPriceTicks * incrementValue(views[lagging].tick);
  return edgeOf(behind.side, price, limit);
}

export type RepairChoice =
  | { readonly kind: "complete"; readonly limitTicks: number }
  | { readonly kind: "unwind" };

/**
 * Completes while that leaves at most `completeWithinBps` less than unwinding would: hedge now and both legs back
 * later, against the leading leg back now. The limit price is where the two are exactly that far apart.
 */
export function chooseRepair(group: LegGroup, imbalance: Imbalance, views: LegViews): RepairChoice {
  const unwind: RepairChoice = { kind: "unwind" };
  const { excess, excessLots, laggingLots } = imbalance;
  const lagging = otherLeg(excess);
  const [leading, behind] = [group.terms.legs[excess], group.terms.legs[lagging]];
  const completePrice = views[lagging].executablePrice(behind.side, laggingLots);
  const unwindPrice = views[excess].executablePrice(oppositeSide(leading.side), excessLots);
  const leadingFee = views[excess].takerFeeBps;
  const behindFee = views[lagging].takerFeeBps;
  const completed = completedEdgeBps(group, excess, completePrice, views) - 2 * behindFee - leadingFee;
  const entry = averageOpenPrice(group, excess, views[excess].tick);
  const unwound = edgeOf(leading.side, entry, unwindPrice) - leadingFee;
  const roomBps = completed - unwound + group.terms.completeWithinBps;
  if (!(roomBps >= 0)) return unwind; // NaN, where a price is missing, is no room
  const reachBps = Math.min(roomBps, maxReachBps);
  return {
    kind: "complete",
    limitTicks: worsenedTicks(behind.side, completePrice, reachBps, views[lagging]),
  };
}

/** How far beyond the best price an unwinding or closing order may reach at its nth attempt, 0 first. */
export const exitCapBps = (group: LegGroup, attempts: number): number =>
  Math.min(maxExitCapBps, group.terms.exitCapBps * 2 ** attempts);
