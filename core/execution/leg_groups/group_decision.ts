/**
 * What a group does next: a pure function of its record, the markets of its legs and the time. It is asked after every
 * event of its orders and on every tick, and answers the same to the same, so that a restored group goes on where it
 * was.
 *
 * Invariants:
 * 1. A leg holds what its fills say; an order that was sent, acknowledged or ended holds nothing by itself.
 * 2. While an order of the group is not done nothing that opens or unwinds is sent, but what hedges a resting leg's fills;
 *    while one of a leg is not done, nothing that closes that leg.
 * 3. Whatever is sent after the opening is reduce-only and at most what its leg holds, except what completes a lagging leg,
 *    which never makes it exceed its share of the leading one.
 * 4. Attempts without effect are bounded, and all attempts are: then the group is halted until an operator lifts it.
 * 5. A leg that has been alone longer than allowed is only unwound.
 */
import { heldLots, type LegGroup, type LegIndex, legIndexes, otherLeg } from "../../model/leg_group.ts";
import { oppositeSide, type OrderPricing, type Side } from "../../model/order.ts";
import { hedgeLots, type Imbalance, imbalanceOf, overclosedLeg } from "./balance.ts";
import { heldOf, isWorking, withTaken } from "./group_record.ts";
import {
  bounded,
  type GroupAction,
  type GroupStep,
  type GroupView,
  isNakedTooLong,
  limitPricing,
  restingPricing,
  still,
  type Submit,
  submit,
} from "./group_step.ts";
import { chooseRepair, exitCapBps, type LegViews, worsenedTicks } from "./repair_choice.ts";
import { hasMissedHedge, isResting, rest } from "./resting_leg.ts";

/** After this many attempts without effect prices are left to the gate's collar. */
const cappedAttempts = 3;

/** The first order, or both. */
export function openGroup(group: LegGroup): GroupStep {
  const { mode } = group.terms;
  const legs: readonly LegIndex[] = mode === "together" ? [0, 1] : [0];
  const pricingOf = mode === "maker_first" ? restingPricing : limitPricing;
  const actions: Submit[] = [];
  let next = group;
  for (const leg of legs) {
    const { side, sizeLots: lots, limitPriceTicks } = group.terms.legs[leg];
    const sent = submit(next, leg, "open", side, lots, pricingOf(limitPriceTicks), false);
    next = sent.group;
    actions.push(sent.action);
  }
  return { group: next, actions };
}

/** What is next. Called again when what it led to was refused. */
export function decideGroup(before: LegGroup, view: GroupView): GroupStep {
  const actions: GroupAction[] = [];
  let group = noteNaked(adoptTaken(before, view), view);
  const { nakedSinceUs } = group;
  if (nakedSinceUs !== undefined && !group.isNakedNoticed && isNakedTooLong(group, view)) {
    actions.push({ kind: "naked_too_long", nakedMs: (view.nowUs - nakedSinceUs) / 1000 });
    group = { ...group, isNakedNoticed: true };
  }
  if (view.isFrozen || view.legs === undefined) return { group: endIfFlat(group), actions };
  for (;;) {
    const step = advance(group, view, view.legs);
    actions.push(...step.actions);
    const isNewPhase = step.group.phase !== group.phase;
    group = step.group;
    if (!isNewPhase || step.actions.some(({ kind }) => kind === "submit" || kind === "halt")) break;
  }
  return { group: noteNaked(group, view), actions };
}

/** A frozen group whose positions somebody else closes is over all the same. */
function endIfFlat(group: LegGroup): LegGroup {
  const isFlat = legIndexes.every((leg) => heldLots(group.totals[leg]) === 0);
  return isFlat && !isWorking(group) && group.phase.kind !== "ended" ? ended(group) : group;
}

function adoptTaken(group: LegGroup, { legs }: GroupView): LegGroup {
  let next = group;
  for (const leg of legIndexes) {
    const available = legs?.[leg].availableLots;
    if (available === undefined) continue;
    const missing = heldOf(next, leg) - Math.max(0, available);
    if (missing > 0) next = withTaken(next, leg, missing);
  }
  return next;
}

function noteNaked(group: LegGroup, { nowUs, legs }: GroupView): LegGroup {
  const isNaked = isUneven(group, legs);
  if (isNaked === (group.nakedSinceUs !== undefined)) return group;
  return { ...group, nakedSinceUs: isNaked ? nowUs : undefined, isNakedNoticed: false };
}

function advance(group: LegGroup, view: GroupView, legs: LegViews): GroupStep {
  switch (group.phase.kind) {
    case "opening":
      if (isResting(group)) return rest(group, view, legs);
      return isWorking(group) ? still(group) : afterOpening(group, group.phase.stage, view);
    case "repairing":
      return isWorking(group) ? still(group) : repair(group, view, legs);
    case "open":
      return whileOpen(group, view, legs);
    case "closing":
      return close(group, view, legs);
    case "halted":
      return view.isPluginHalted ? still(group) : resume(group);
    case "ended":
      return stillHolds(group) ? still({ ...group, phase: { kind: "repairing" } }) : still(group);
    default:
      return group.phase satisfies never;
  }
}

const stillHolds = ({ totals }: LegGroup): boolean => totals.some((leg) => heldLots(leg) !== 0);

function afterOpening(group: LegGroup, stage: "first" | "second" | "both", view: GroupView): GroupStep {
  if (group.closeReason !== undefined) return still({ ...group, phase: { kind: "closing" } });
  if (stage === "first") {
    const lots = hedgeLots(group) - heldOf(group, 1);
    if (!stillHolds(group)) return still(ended(group));
    if (lots > 0 && !hasMissedHedge(group) && !isNakedTooLong(group, view)) {
      const { side, limitPriceTicks } = group.terms.legs[1];
      const hedging: LegGroup = { ...group, phase: { kind: "opening", stage: "second" } };
      const sent = submit(hedging, 1, "open", side, lots, limitPricing(limitPriceTicks), false);
      return { group: sent.group, actions: [sent.action] };
    }
  }
  return still({ ...group, phase: { kind: "repairing" } });
}

function ended(group: LegGroup): LegGroup {
  const [first, second] = group.totals;
  const isTaken = first.takenLots + second.takenLots > 0;
  const hasTraded = first.openedLots + second.openedLots > 0;
  const outcome = isTaken
    ? "closed_elsewhere"
    : group.wasOpen
    ? "closed"
    : hasTraded
    ? "unwound"
    : "nothing_filled";
  return { ...group, phase: { kind: "ended", outcome }, attempts: 0, totalAttempts: 0 };
}

const opened = (group: LegGroup): LegGroup => ({
  ...group,
  phase: { kind: "open" },
  wasOpen: true,
  attempts: 0,
  totalAttempts: 0,
  isCompletionOff: false,
});

/** Less than a lot of the leading venue, or than either venue would take as an order, beside a leg that is held. */
function isDust({ excess, excessLots, laggingLots }: Imbalance, group: LegGroup, legs: LegViews): boolean {
  const lagging = otherLeg(excess);
  const isTooSmall = laggingLots < legs[lagging].minSizeLots && excessLots < legs[excess].minSizeLots;
  return (isTooSmall || excessLots === 0) && heldOf(group, lagging) > 0;
}

/** Whether something must be done for the legs to be even. Without the instruments' sizes any difference counts. */
function isUneven(group: LegGroup, legs: LegViews | undefined): boolean {
  if (overclosedLeg(group.totals) !== undefined) return true;
  const imbalance = imbalanceOf(group);
  return imbalance !== undefined && (legs === undefined || !isDust(imbalance, group, legs));
}

function repair(group: LegGroup, view: GroupView, legs: LegViews): GroupStep {
  const overclosed = overclosedLeg(group.totals);
  if (overclosed !== undefined) return restore(group, overclosed, "unwind", view, legs);
  const imbalance = imbalanceOf(group);
  if (imbalance === undefined || !isUneven(group, legs)) {
    if (!stillHolds(group)) return still(ended(group));
    return still(group.closeReason === undefined ? opened(group) : { ...group, phase: { kind: "closing" } });
  }
  if (group.closeReason !== undefined) return still({ ...group, phase: { kind: "closing" } });
  if (view.nowUs < group.nextAttemptUs) return still(group);
  const halt = haltIfUsedUp(group, view, "its legs can't be made even");
  if (halt !== undefined) return halt;
  const { excess, excessLots, laggingLots } = imbalance;
  const lagging = otherLeg(excess);
  const broken: GroupAction = { kind: "broken", excess, excessLots };
  const first: readonly GroupAction[] = group.wasBroken ? [] : [broken];
  const marked: LegGroup = { ...group, wasBroken: true };
  // A late fill may have taken the leading leg beyond its size: that much is taken back, never matched.
  const isWithinSize = heldOf(marked, excess) <= marked.terms.legs[excess].sizeLots;
  const canComplete = isWithinSize && !marked.isCompletionOff && !isNakedTooLong(marked, view) &&
    marked.attempts < cappedAttempts &&
    laggingLots >= Math.max(1, legs[lagging].minSizeLots);
  const choice = canComplete ? chooseRepair(marked, imbalance, legs) : { kind: "unwind" as const };
  if (choice.kind === "complete") {
    const { side } = marked.terms.legs[lagging];
    const lots = bounded(laggingLots, legs[lagging].maxSizeLots);
    const sent = submit(
      attempted(marked, view),
      lagging,
      "complete",
      side,
      lots,
      limitPricing(choice.limitTicks),
      false,
    );
    return { group: sent.group, actions: [...first, sent.action] };
  }
  const side = oppositeSide(marked.terms.legs[excess].side);
  const step = reduce(marked, excess, "unwind", side, excessLots, view, legs);
  return { group: step.group, actions: [...first, ...step.actions] };
}

/** A leg of which more was closed than opened is brought back to zero. */
function restore(
  group: LegGroup,
  leg: LegIndex,
  role: "unwind" | "close",
  view: GroupView,
  legs: LegViews,
): GroupStep {
  if (view.nowUs < group.nextAttemptUs) return still(group);
  const halt = haltIfUsedUp(group, view, "a leg that was closed too far can't be brought back");
  if (halt !== undefined) return halt;
  const lots = -heldLots(group.totals[leg]);
  return reduce({ ...group, wasBroken: true }, leg, role, group.terms.legs[leg].side, lots, view, legs);
}

function whileOpen(group: LegGroup, view: GroupView, legs: LegViews): GroupStep {
  if (isWorking(group)) return still(group); // an order that was thought done came back
  const { maxHoldMs } = group.terms;
  const isOld = maxHoldMs !== undefined && view.nowUs - group.tsCreatedUs >= maxHoldMs * 1000;
  const asked = isOld && group.closeReason === undefined ? { ...group, closeReason: "maximum hold" } : group;
  if (asked.closeReason !== undefined) return still({ ...asked, phase: { kind: "closing" } });
  return stillHolds(group) && !isUneven(group, legs)
    ? still(group)
    : still({ ...group, phase: { kind: "repairing" } });
}

function close(group: LegGroup, view: GroupView, legs: LegViews): GroupStep {
  if (!stillHolds(group)) return isWorking(group) ? still(group) : still(ended(group));
  const overclosed = overclosedLeg(group.totals);
  if (overclosed !== undefined && !isWorking(group, overclosed)) {
    return restore(group, overclosed, "close", view, legs);
  }
  const meant = legIndexes.filter((leg) => heldOf(group, leg) > 0 && !isWorking(group, leg));
  if (meant.length === 0 || view.nowUs < group.nextAttemptUs) return still(group);
  const halt = haltIfUsedUp(group, view, "it can't be closed");
  if (halt !== undefined) return halt;
  let next = group;
  const actions: GroupAction[] = [];
  for (const leg of meant) {
    const side = oppositeSide(group.terms.legs[leg].side);
    const step = reduce(next, leg, "close", side, heldOf(group, leg), view, legs, group.attempts);
    next = step.group;
    actions.push(...step.actions);
  }
  return { group: next, actions };
}

/** A reduce-only order: bounded by the live price at first, by the gate's collar when that did not help or time is up. */
function reduce(
  group: LegGroup,
  leg: LegIndex,
  role: "unwind" | "close",
  side: Side,
  lots: number,
  view: GroupView,
  legs: LegViews,
  attempts: number = group.attempts,
): GroupStep {
  const { executablePrice, maxSizeLots } = legs[leg];
  const isUrgent = attempts >= cappedAttempts || isNakedTooLong(group, view);
  const price = executablePrice(side, lots);
  const maxWaitUs = Math.min(group.terms.maxNakedMs, view.limits.maxNakedMs) * 1000;
  const isPriced = price > 0;
  if (!isPriced && !isUrgent && view.nowUs - group.tsUpdatedUs < maxWaitUs) return still(group);
  const pricing: OrderPricing = isUrgent || !isPriced
    ? { kind: "market", worstPriceTicks: undefined }
    : limitPricing(worsenedTicks(side, price, exitCapBps(group, attempts), legs[leg]));
  const tried = attempts === group.attempts ? attempted(group, view) : group; // both legs of one round count once
  const sent = submit(tried, leg, role, side, bounded(lots, maxSizeLots), pricing, true);
  return { group: sent.group, actions: [sent.action] };
}

function attempted(group: LegGroup, { nowUs, limits }: GroupView): LegGroup {
  return {
    ...group,
    attempts: group.attempts + 1,
    totalAttempts: group.totalAttempts + 1,
    nextAttemptUs: nowUs + limits.retryMs * 1000 * 2 ** group.attempts,
  };
}

function haltIfUsedUp(group: LegGroup, { limits }: GroupView, why: string): GroupStep | undefined {
  if (group.attempts < limits.maxAttempts && group.totalAttempts < limits.maxTotalAttempts) return undefined;
  return { group: { ...group, phase: { kind: "halted", why } }, actions: [{ kind: "halt", why }] };
}

/** An operator lifted the plugin's halt: it starts to count anew. */
function resume(group: LegGroup): GroupStep {
  const kind = group.closeReason === undefined ? "repairing" : "closing";
  return {
    group: {
      ...group,
      phase: { kind },
      attempts: 0,
      totalAttempts: 0,
      nextAttemptUs: 0,
      isCompletionOff: true,
    },
    actions: [{ kind: "resumed" }],
  };
}
