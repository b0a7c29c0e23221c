/** The prices at which a plan ends its position, and which of them is reached. Pure, in floats: a decision, not an order. */
import type { ExitPlan, ExitTerms, ExitTrigger, ProfitStep, StepProgress } from "../../model/exit_plan.ts";

export type Direction = "long" | "short";

const sign = (direction: Direction): 1 | -1 => (direction === "long" ? 1 : -1);

/** Whether `price` is at or beyond `level`, seen against the position: below it for a long one. */
const isAgainst = (direction: Direction, price: number, level: number): boolean =>
  direction === "long" ? price <= level : price >= level;

/** Whether `price` is at or beyond `level` in the position's favour. */
export const isInFavour = (direction: Direction, price: number, level: number): boolean =>
  direction === "long" ? price >= level : price <= level;

/** The price `bps` from the entry: positive in the position's favour. Long from 100, 50 bps: 100.5; short: 99.5. */
export const priceAt = (direction: Direction, entryPrice: number, bps: number): number =>
  entryPrice * (1 + (sign(direction) * bps) / 10_000);

/** How far `price` is in the position's favour, in bps of the entry. */
export const favourBps = (direction: Direction, entryPrice: number, price: number): number =>
  sign(direction) * (price / entryPrice - 1) * 10_000;

export interface StopLevel {
  readonly trigger: "stop_loss" | "break_even" | "trailing";
  readonly price: number;
}

export interface ExitLevels {
  /** The nearest of those that stand. */
  readonly stop: StopLevel | undefined;
  readonly takeProfit: number | undefined;
}

type LevelState = Pick<ExitPlan, "isBreakEven" | "isTrailing" | "bestPrice">;

export function exitLevels(
  terms: ExitTerms,
  state: LevelState,
  direction: Direction,
  entryPrice: number,
): ExitLevels {
  const stops: StopLevel[] = [];
  const add = (trigger: StopLevel["trigger"], price: number | undefined): void => {
    if (price !== undefined && Number.isFinite(price)) stops.push({ trigger, price });
  };
  if (terms.stopLossBps !== undefined) add("stop_loss", priceAt(direction, entryPrice, -terms.stopLossBps));
  add("stop_loss", terms.stopPrice);
  if (terms.breakEven !== undefined && state.isBreakEven) {
    add("break_even", priceAt(direction, entryPrice, terms.breakEven.offsetBps));
  }
  if (terms.trailing !== undefined && state.isTrailing) {
    add("trailing", priceAt(direction, state.bestPrice, -terms.trailing.distanceBps));
  }
  const takes = [
    terms.takeProfitBps === undefined ? undefined : priceAt(direction, entryPrice, terms.takeProfitBps),
    terms.takeProfitPrice,
  ].filter((price) => price !== undefined && Number.isFinite(price));
  return { stop: nearest(stops, direction), takeProfit: nearestPrice(takes, direction) };
}

/** The stop that is reached first; of two at one price the one named first. */
function nearest(stops: readonly StopLevel[], direction: Direction): StopLevel | undefined {
  let found: StopLevel | undefined;
  for (const stop of stops) {
    const isNearer = found === undefined ||
      (direction === "long" ? stop.price > found.price : stop.price < found.price);
    if (isNearer) found = stop;
  }
  return found;
}

function nearestPrice(prices: readonly (number | undefined)[], direction: Direction): number | undefined {
  const known = prices.filter((price) => price !== undefined);
  if (known.length === 0) return undefined;
  return direction === "long" ? Math.min(...known) : Math.max(...known);
}

/** The exit whose price is reached; a stop comes before a profit. NaN reaches nothing. */
export function reached(levels: ExitLevels, direction: Direction, price: number): ExitTrigger | undefined {
  const { stop, takeProfit } = levels;
  if (stop !== undefined && isAgainst(direction, price, stop.price)) return stop.trigger;
  return takeProfit !== undefined && isInFavour(direction, price, takeProfit) ? "take_profit" : undefined;
}

/** What a new price does to the plan's memory: its best, and whether trailing and break-even stand from now on. */
export function remembered(
  terms: ExitTerms,
  state: LevelState,
  direction: Direction,
  entryPrice: number,
  price: number,
): LevelState {
  if (!(price > 0)) return state;
  const isBetter = Number.isNaN(state.bestPrice) || sign(direction) * (price - state.bestPrice) > 0;
  const bestPrice = isBetter ? price : state.bestPrice;
  const best = favourBps(direction, entryPrice, bestPrice);
  const isTrailing = state.isTrailing ||
    (terms.trailing !== undefined && best >= terms.trailing.activationBps);
  const isBreakEven = state.isBreakEven ||
    (terms.breakEven !== undefined && best >= terms.breakEven.activationBps);
  const isSame = bestPrice === state.bestPrice && isTrailing === state.isTrailing &&
    isBreakEven === state.isBreakEven;
  return isSame ? state : { bestPrice, isTrailing, isBreakEven };
}

const stepPriceOf = ({ bps, price }: ProfitStep, direction: Direction, entryPrice: number): number =>
  price ?? priceAt(direction, entryPrice, bps ?? NaN);

/** The price of the step that comes next; NaN when there is none, or one is being taken. */
export function nextStepPrice(
  steps: readonly ProfitStep[] | undefined,
  progress: StepProgress | undefined,
  direction: Direction,
  entryPrice: number,
): number {
  const next = progress?.targetLots === undefined ? steps?.[progress?.done ?? 0] : undefined;
  return next === undefined ? NaN : stepPriceOf(next, direction, entryPrice);
}

/** Prices between which nothing of the plan changes. */
export interface QuietRange {
  readonly lowPrice: number;
  readonly highPrice: number;
}

/**
 * The range in which no quote needs to be looked at. A better price than the best so far matters only while something
 * follows it, and then in steps of a bps.
 */
export function quietRange(plan: ExitPlan, direction: Direction, entryPrice: number): QuietRange {
  const { stop, takeProfit } = exitLevels(plan.terms, plan, direction, entryPrice);
  const isFollowing = plan.terms.trailing !== undefined ||
    (plan.terms.breakEven !== undefined && !plan.isBreakEven);
  const better = isFollowing ? plan.bestPrice * (1 + sign(direction) / 10_000) : NaN;
  const against = stop?.price ?? NaN;
  const step = nextStepPrice(plan.terms.takeProfitSteps, plan.steps, direction, entryPrice);
  return rangeOf(direction, against, [takeProfit ?? NaN, better, step]);
}

/** From the price against the position to the nearest of those in its favour; NaN for none. */
export function rangeOf(direction: Direction, against: number, inFavour: readonly number[]): QuietRange {
  const favour = inFavour.filter((price) => !Number.isNaN(price));
  return direction === "long"
    ? { lowPrice: orElse(against, -Infinity), highPrice: Math.min(Infinity, ...favour) }
    : { lowPrice: Math.max(-Infinity, ...favour), highPrice: orElse(against, Infinity) };
}

const orElse = (value: number, other: number): number => (Number.isNaN(value) ? other : value);
