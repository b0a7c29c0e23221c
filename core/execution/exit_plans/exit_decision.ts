/**
 * What a plan does next: a pure function of its record, the position it guards and the market. The same to the same, so
 * that a restored plan goes on where it was.
 *
 * Invariants:
 * 1. A plan acts on the position that fills made, never on orders; it sends one order at a time, at most the position.
 * 2. Once fired it goes on until the position is gone, whatever the price does; pauses grow, attempts do not end. A step
 *    goes on until its share is closed; every other exit comes before it.
 * 3. A stop loss waits for nothing; every other exit may wait for a narrower spread, for a bounded time.
 * 4. Without a young two-sided quote no price fires anything; the maximum hold does all the same.
 */
import type { ExitOrder, ExitPhase, ExitPlan, ExitTrigger, StepProgress } from "../../model/exit_plan.ts";
import type { OrderPricing, Side } from "../../model/order.ts";
import { fittedTicks, type PriceSteps, priceTicks, sizeLots } from "../../model/ticks.ts";
import { type Direction, exitLevels, isInFavour, nextStepPrice, reached, remembered } from "./exit_levels.ts";
import { lotsLeft, noSteps, withPosition } from "./profit_steps.ts";

export interface ExitView {
  readonly nowUs: number;
  /** Signed. */
  readonly positionLots: number;
  /** Average entry price; NaN when flat. */
  readonly entryPrice: number;
  /** NaN where no young quote is. */
  readonly bidPrice: number;
  readonly askPrice: number;
  readonly steps: PriceSteps;
  /** 0 for no limit. */
  readonly maxSizeLots: number;
  readonly minSizeLots?: number;
  /** Whether the order it came with is done. */
  readonly isEntryDone: boolean;
  /** The whole host is halted: nothing is sent. */
  readonly isFrozen: boolean;
}

export type ExitAction =
  | { readonly kind: "armed" }
  /** Other orders of the plugin on the instrument are to be cancelled: they would reopen or compete. */
  | { readonly kind: "fired"; readonly trigger: ExitTrigger; readonly price: number }
  /** A part of the position is closed from now on; counted from 1. */
  | { readonly kind: "step"; readonly step: number; readonly lots: number; readonly price: number }
  | {
    readonly kind: "submit";
    readonly order: ExitOrder;
    readonly side: Side;
    readonly pricing: OrderPricing;
  }
  | { readonly kind: "failing"; readonly attempts: number };

export interface ExitStep {
  readonly plan: ExitPlan;
  readonly actions: readonly ExitAction[];
}

const retryMs = 200;
const maxRetryMs = 5_000;
/** After so many attempts without effect prices are left to the gate's collar. */
const cappedAttempts = 2;
/** After so many somebody is told. */
const noticeableAttempts = 5;
const maxExitCapBps = 1_000;

const prefix = "exit:";
export const exitOrderRef = (id: string, serial: number): string => `${prefix}${id}:${serial}`;

/** The plan that an order's name belongs to. */
export function exitIdOfRef(ref: string): string | undefined {
  return ref.startsWith(prefix) ? ref.slice(prefix.length, ref.lastIndexOf(":")) : undefined;
}

const still = (plan: ExitPlan): ExitStep => ({ plan, actions: [] });
const ended = (plan: ExitPlan, why: Extract<ExitPhase, { kind: "ended" }>["why"]): ExitStep =>
  still({ ...plan, phase: { kind: "ended", why } });

export function decideExit(plan: ExitPlan, view: ExitView): ExitStep {
  switch (plan.phase.kind) {
    case "waiting":
      return whileWaiting(plan, view);
    case "armed":
      return whileArmed(plan, view);
    case "exiting":
      return exit(plan, plan.phase, view);
    case "ended":
      return still(plan);
    default:
      return plan.phase satisfies never;
  }
}

function whileWaiting(plan: ExitPlan, view: ExitView): ExitStep {
  const armedUs = plan.tsArmedUs ?? view.nowUs; // a plan that replaces another keeps the time of the first fill
  if (view.positionLots !== 0) return followedBy(arm(plan, view, armedUs), [{ kind: "armed" }], view);
  const isInVain = plan.entryRef !== undefined && view.isEntryDone;
  return isInVain ? ended(plan, "never_filled") : still(plan);
}

function arm(plan: ExitPlan, { positionLots }: ExitView, tsArmedUs: number): ExitPlan {
  return {
    ...plan,
    phase: { kind: "armed" },
    direction: positionLots > 0 ? "long" : "short",
    bestPrice: NaN,
    isTrailing: false,
    isBreakEven: false,
    tsArmedUs,
    deferredSinceUs: undefined,
    ...(plan.terms.takeProfitSteps === undefined ? {} : { steps: noSteps }),
  };
}

function followedBy(plan: ExitPlan, actions: readonly ExitAction[], view: ExitView): ExitStep {
  const next = whileArmed(plan, view);
  return { plan: next.plan, actions: [...actions, ...next.actions] };
}

/** The price at which the position could be closed now. */
const closingPrice = (direction: Direction, { bidPrice, askPrice }: ExitView): number =>
  bidPrice < askPrice ? (direction === "long" ? bidPrice : askPrice) : NaN;

function whileArmed(plan: ExitPlan, view: ExitView): ExitStep {
  const { positionLots, nowUs } = view;
  const { direction } = plan;
  if (direction === undefined || positionLots === 0) return ended(plan, "closed");
  if (positionLots > 0 !== (direction === "long")) return still(arm(plan, view, nowUs)); // it went through zero
  const price = closingPrice(direction, view);
  const seen = lookedAt(plan, direction, view, price);
  const trigger = triggerOf(seen, direction, view, price);
  if (trigger === undefined) return takeStep(seen, direction, view, price);
  return isDeferred(seen, trigger, view) ? deferred(seen, nowUs) : fire(seen, trigger, price, view);
}

/** What the plan remembers of prices and fills. */
function lookedAt(plan: ExitPlan, direction: Direction, view: ExitView, price: number): ExitPlan {
  const memory = remembered(plan.terms, plan, direction, view.entryPrice, price);
  const steps = plan.steps === undefined ? undefined : withPosition(plan.steps, Math.abs(view.positionLots));
  if (memory === plan && steps === plan.steps) return plan;
  const { bestPrice, isTrailing, isBreakEven } = memory;
  return { ...plan, bestPrice, isTrailing, isBreakEven, ...(steps === undefined ? {} : { steps }) };
}

const deferred = (plan: ExitPlan, nowUs: number): ExitStep =>
  still(plan.deferredSinceUs === undefined ? { ...plan, deferredSinceUs: nowUs } : plan);
const undeferred = (plan: ExitPlan): ExitPlan =>
  plan.deferredSinceUs === undefined ? plan : { ...plan, deferredSinceUs: undefined };

function fire(plan: ExitPlan, trigger: ExitTrigger, price: number, view: ExitView): ExitStep {
  const phase = { kind: "exiting", trigger, price } as const;
  const { positionLots, nowUs } = view;
  const fired: ExitPlan = { ...plan, phase, attempts: 0, lastLots: positionLots, nextAttemptUs: nowUs };
  const next = exit(fired, phase, view);
  return { plan: next.plan, actions: [{ kind: "fired", trigger, price }, ...next.actions] };
}

/** Goes on with the step that is being taken, or begins the next one. */
function takeStep(plan: ExitPlan, direction: Direction, view: ExitView, price: number): ExitStep {
  const { terms, steps } = plan;
  if (steps?.targetLots !== undefined) return pursueStep(undeferred(plan), steps, steps.targetLots, view);
  const stepPrice = nextStepPrice(terms.takeProfitSteps, steps, direction, view.entryPrice);
  const next = steps === undefined ? undefined : terms.takeProfitSteps?.[steps.done];
  if (steps === undefined || next === undefined || !isInFavour(direction, price, stepPrice)) {
    return still(undeferred(plan));
  }
  if (isDeferred(plan, "take_profit", view)) return deferred(plan, view.nowUs);
  const targetLots = lotsLeft(next.share, steps, view.minSizeLots ?? 1);
  if (targetLots === 0) return fire(plan, "take_profit", price, view);
  const begun = { ...steps, targetLots };
  const taken: ExitPlan = { ...undeferred(plan), steps: begun, attempts: 0, nextAttemptUs: view.nowUs };
  const pursued = pursueStep(taken, begun, targetLots, view);
  const lots = steps.seenLots - targetLots;
  return {
    plan: pursued.plan,
    actions: [{ kind: "step", step: steps.done + 1, lots, price }, ...pursued.actions],
  };
}

function pursueStep(plan: ExitPlan, steps: StepProgress, targetLots: number, view: ExitView): ExitStep {
  const { nowUs, isFrozen } = view;
  if (plan.orders.some(({ isDone }) => !isDone)) return still(plan);
  const lots = steps.seenLots - targetLots;
  if (lots <= 0) {
    return still({ ...plan, steps: { ...steps, done: steps.done + 1, targetLots: undefined }, attempts: 0 });
  }
  return isFrozen || nowUs < plan.nextAttemptUs ? still(plan) : attempt(plan, view, lots);
}

function triggerOf(
  plan: ExitPlan,
  direction: Direction,
  view: ExitView,
  price: number,
): ExitTrigger | undefined {
  const { terms, tsArmedUs = view.nowUs } = plan;
  const found = reached(exitLevels(terms, plan, direction, view.entryPrice), direction, price);
  if (found !== undefined) return found;
  const isOld = terms.maxHoldMs !== undefined && view.nowUs - tsArmedUs >= terms.maxHoldMs * 1000;
  return isOld ? "max_hold" : undefined;
}

function isDeferred(
  { terms: { wideSpread }, deferredSinceUs }: ExitPlan,
  trigger: ExitTrigger,
  view: ExitView,
): boolean {
  if (wideSpread === undefined || trigger === "stop_loss") return false;
  const { bidPrice, askPrice, nowUs } = view;
  const spreadBps = ((askPrice - bidPrice) / ((askPrice + bidPrice) / 2)) * 10_000;
  if (spreadBps <= wideSpread.maxSpreadBps) return false;
  return nowUs - (deferredSinceUs ?? nowUs) < wideSpread.maxDeferMs * 1000; // NaN is as wide as can be
}

function exit(before: ExitPlan, phase: Extract<ExitPhase, { kind: "exiting" }>, view: ExitView): ExitStep {
  const { positionLots, nowUs, isFrozen } = view;
  const isWorking = before.orders.some(({ isDone }) => !isDone);
  const isOver = positionLots === 0 || positionLots > 0 !== (before.direction === "long");
  if (isOver) return isWorking ? still(before) : ended(before, phase.trigger);
  const isSmaller = Math.abs(positionLots) < Math.abs(before.lastLots);
  const plan = positionLots === before.lastLots
    ? before
    : { ...before, lastLots: positionLots, ...(isSmaller ? { attempts: 0, nextAttemptUs: nowUs } : {}) };
  if (isWorking || isFrozen || nowUs < plan.nextAttemptUs) return still(plan);
  return attempt(plan, view, Math.abs(positionLots));
}

function attempt(plan: ExitPlan, view: ExitView, lots: number): ExitStep {
  const { positionLots, maxSizeLots, nowUs } = view;
  const side: Side = positionLots > 0 ? "sell" : "buy";
  const order: ExitOrder = {
    ref: exitOrderRef(plan.id, plan.nextSerial),
    sizeLots: sizeLots(maxSizeLots > 0 ? Math.min(lots, maxSizeLots) : lots),
    isDone: false,
  };
  const attempts = plan.attempts + 1;
  const pauseMs = Math.min(maxRetryMs, retryMs * 2 ** plan.attempts);
  const actions: ExitAction[] = [{ kind: "submit", order, side, pricing: pricingOf(plan, side, view) }];
  if (attempts === noticeableAttempts) actions.unshift({ kind: "failing", attempts });
  return {
    plan: {
      ...plan,
      orders: [...plan.orders.filter(({ isDone }) => !isDone), order],
      nextSerial: plan.nextSerial + 1,
      attempts,
      nextAttemptUs: nowUs + pauseMs * 1000,
    },
    actions,
  };
}

function pricingOf(
  { attempts, terms }: ExitPlan,
  side: Side,
  { bidPrice, askPrice, steps }: ExitView,
): OrderPricing {
  const best = side === "buy" ? askPrice : bidPrice;
  if (attempts >= cappedAttempts || !(best > 0)) return { kind: "market", worstPriceTicks: undefined };
  const capBps = Math.min(maxExitCapBps, terms.exitCapBps * 2 ** attempts);
  const worst = side === "buy" ? best * (1 + capBps / 10_000) : best * (1 - capBps / 10_000);
  const ticks = fittedTicks(worst, steps, side === "buy" ? "down" : "up");
  return { kind: "limit", limitPriceTicks: priceTicks(ticks), timeInForce: "IOC", postOnly: false };
}

/** An order that was not sent: for a reason that passes it is no attempt, and is tried again soon. */
export function withExitRefused(plan: ExitPlan, ref: string, isPassing: boolean, nowUs: number): ExitPlan {
  return {
    ...plan,
    orders: plan.orders.filter((order) => order.ref !== ref),
    ...(isPassing ? { attempts: Math.max(0, plan.attempts - 1), nextAttemptUs: nowUs + retryMs * 1000 } : {}),
  };
}

export function withExitOrderDone(plan: ExitPlan, ref: string): ExitPlan {
  const order = plan.orders.find((one) => one.ref === ref);
  if (order === undefined || order.isDone) return plan;
  return { ...plan, orders: plan.orders.map((one) => (one.ref === ref ? { ...one, isDone: true } : one)) };
}
