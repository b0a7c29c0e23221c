/** What of a plan is news to journal and plugin, and how long there is none. Pure. */
import type { ExitPlan } from "../../model/exit_plan.ts";
import { exitLevels, isInFavour, nextStepPrice, priceAt, type QuietRange, rangeOf } from "./exit_levels.ts";

/** A better price is told when it is this much better than the one that was told last. */
const bestStepBps = 2;
/** Taken off where a price is foretold, so that no rounding makes news of one that was said to bring none. */
const marginBps = 0.001;

/** Everything but a small step of the best price. */
export function isNews(plan: ExitPlan, told: ExitPlan): boolean {
  if (plan === told) return false;
  const isMore = plan.phase !== told.phase || plan.orders !== told.orders ||
    plan.isTrailing !== told.isTrailing || plan.steps !== told.steps ||
    plan.isBreakEven !== told.isBreakEven || plan.deferredSinceUs !== told.deferredSinceUs;
  return isMore || !(Math.abs(plan.bestPrice / told.bestPrice - 1) * 10_000 < bestStepBps);
}

/** What a plan guards while no order of its plugin works: it changes by fills alone. */
export interface GuardedPosition {
  /** Signed. */
  readonly positionLots: number;
  /** Average entry price; NaN when flat. */
  readonly entryPrice: number;
}

/** How long a plan has no news, whenever it is looked at. */
export interface QuietOutlook {
  /** Not included; -Infinity for a plan that may have news at once. */
  readonly untilUs: number;
  /** As long as prices stay in it, ends not included. */
  readonly range: QuietRange;
}

const everywhere: QuietRange = { lowPrice: -Infinity, highPrice: Infinity };
const forEver: QuietOutlook = { untilUs: Infinity, range: everywhere };
const notAtAll: QuietOutlook = { untilUs: -Infinity, range: everywhere };

/**
 * The time and the prices that a plan is quiet for: may be too short, never too long. The price is the bid of a long
 * position, the ask of a short one.
 *
 * @param told the plan as it was told last
 */
export function quietOutlook(plan: ExitPlan, told: ExitPlan, position: GuardedPosition): QuietOutlook {
  switch (plan.phase.kind) {
    case "waiting":
      return plan.entryRef === undefined && position.positionLots === 0 ? forEver : notAtAll;
    case "armed":
      return isSettled(plan, told, position) ? whileArmed(plan, told, position) : notAtAll;
    case "exiting":
      return notAtAll;
    case "ended":
      return forEver;
    default:
      return plan.phase satisfies never;
  }
}

/** Nothing of an armed plan is under way, and it has seen a price. */
function isSettled(plan: ExitPlan, told: ExitPlan, { positionLots }: GuardedPosition): boolean {
  const { direction, steps, orders, deferredSinceUs } = plan;
  const isHeld = direction === "long" ? positionLots > 0 : direction === "short" && positionLots < 0;
  const areStepsSettled = steps === undefined ||
    (steps.targetLots === undefined && steps.seenLots === Math.abs(positionLots));
  return isHeld && areStepsSettled && orders.every(({ isDone }) => isDone) && deferredSinceUs === undefined &&
    plan.bestPrice > 0 && told.bestPrice > 0 && !isNews(plan, told);
}

function whileArmed(plan: ExitPlan, told: ExitPlan, { entryPrice }: GuardedPosition): QuietOutlook {
  const { terms, direction = "long", steps, isTrailing, isBreakEven } = plan;
  const toldNext = priceAt(direction, told.bestPrice, bestStepBps - marginBps);
  // A trailing stop follows each better price, told or not: it stands nowhere nearer than behind this one.
  const bestPrice = isInFavour(direction, plan.bestPrice, toldNext) ? plan.bestPrice : toldNext;
  const { stop, takeProfit } = exitLevels(
    terms,
    { isTrailing, isBreakEven, bestPrice },
    direction,
    entryPrice,
  );
  const activation = (activationBps: number | undefined): number =>
    activationBps === undefined ? NaN : priceAt(direction, entryPrice, activationBps - marginBps);
  const range = rangeOf(direction, stop?.price ?? NaN, [
    toldNext,
    takeProfit ?? NaN,
    nextStepPrice(terms.takeProfitSteps, steps, direction, entryPrice),
    isTrailing ? NaN : activation(terms.trailing?.activationBps),
    isBreakEven ? NaN : activation(terms.breakEven?.activationBps),
  ]);
  const { maxHoldMs = Infinity } = terms;
  return { untilUs: (plan.tsArmedUs ?? -Infinity) + maxHoldMs * 1000, range };
}
