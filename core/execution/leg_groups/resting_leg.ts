/**
 * The first leg of `maker_first` while it rests: its fills are hedged by taking the other venue's side, in lots, as they
 * come; the rest of it is cancelled as soon as the hedge can no longer be had at its own limit. A cancel may come too late:
 * what fills until the venue has confirmed it is hedged or taken back like any other fill.
 */
import type { LegGroup, LegOrder } from "../../model/leg_group.ts";
import { hedgeLots } from "./balance.ts";
import { heldOf, isWorking } from "./group_record.ts";
import {
  bounded,
  type GroupStep,
  type GroupView,
  isNakedTooLong,
  limitPricing,
  type RestEnd,
  still,
  submit,
} from "./group_step.ts";
import type { LegViews } from "./repair_choice.ts";
import { incrementValue } from "../../model/ticks.ts";

/** A cancel that had no effect is asked for again after this. */
const cancelAgainUs = 2_000_000;
/** Hedges of one resting leg; a venue that fills it in more parts has it cancelled. */
const maxHedges = 50;

const restingOrder = ({ terms, phase, orders }: LegGroup): LegOrder | undefined =>
  terms.mode === "maker_first" && phase.kind === "opening" && phase.stage === "first"
    ? orders.find(({ leg, role, isDone }) => leg === 0 && role === "open" && !isDone)
    : undefined;

export const isResting = (group: LegGroup): boolean => restingOrder(group) !== undefined;

/**
 * A hedge was refused, or took less than it was sent for: the price has left its limit, and asking again would be the same.
 */
export const hasMissedHedge = ({ terms, orders, isCompletionOff }: LegGroup): boolean =>
  terms.mode === "maker_first" &&
  (isCompletionOff ||
    orders.some(({ leg, role, isDone, filledLots, sizeLots }) =>
      leg === 1 && role === "open" && isDone && filledLots < sizeLots
    ));

/** Hedges what has been filled, and cancels what must not rest any longer. */
export function rest(group: LegGroup, view: GroupView, legs: LegViews): GroupStep {
  const order = restingOrder(group);
  if (order === undefined) return still(group);
  const why = endOfRest(group, order, view, legs);
  const hedged = why === undefined || why === "edge_gone" || why === "rested_long_enough"
    ? hedge(group, view, legs)
    : still(group);
  const isAsked = group.cancelAskedUs !== undefined && view.nowUs - group.cancelAskedUs < cancelAgainUs;
  if (why === undefined || isAsked) return hedged;
  return {
    group: { ...hedged.group, cancelAskedUs: view.nowUs },
    actions: [...hedged.actions, { kind: "cancel", ref: order.ref, why }],
  };
}

/** One hedge at a time, at the second leg's own limit, of at least what its venue takes. */
function hedge(group: LegGroup, view: GroupView, legs: LegViews): GroupStep {
  const { side, limitPriceTicks } = group.terms.legs[1];
  const lots = hedgeLots(group) - heldOf(group, 1);
  const least = Math.max(1, legs[1].minSizeLots);
  if (isWorking(group, 1) || lots < least || isNakedTooLong(group, view)) return still(group);
  const size = bounded(lots, legs[1].maxSizeLots);
  const sent = submit(group, 1, "open", side, size, limitPricing(limitPriceTicks), false);
  return { group: sent.group, actions: [sent.action] };
}

function endOfRest(
  group: LegGroup,
  order: LegOrder,
  view: GroupView,
  legs: LegViews,
): RestEnd | undefined {
  const { maxRestMs } = group.terms;
  if (group.closeReason !== undefined) return "close_asked";
  if (view.isAbandoned) return "plugin_gone";
  if (isNakedTooLong(group, view)) return "naked_too_long";
  const hedges = group.orders.filter(({ leg }) => leg === 1).length;
  if (hasMissedHedge(group) || hedges >= maxHedges) return "hedge_missed";
  if (isEdgeGone(group, order, legs)) return "edge_gone";
  const isOld = maxRestMs !== undefined && view.nowUs - group.tsCreatedUs >= maxRestMs * 1000;
  return isOld ? "rested_long_enough" : undefined;
}

/** Whether what may still fill could not be hedged within the second leg's limit now; an unknown price is no price. */
function isEdgeGone({ terms }: LegGroup, order: LegOrder, legs: LegViews): boolean {
  const [first, second] = terms.legs;
  const openLots = order.sizeLots - order.filledLots;
  const lots = Math.max(1, Math.ceil((openLots * second.sizeLots) / first.sizeLots));
  const price = legs[1].executablePrice(second.side, lots);
  const limit = second.limitPriceTicks * incrementValue(legs[1].tick);
  const slack = incrementValue(legs[1].tick) * 1e-6; // a limit that is the price itself is met
  return second.side === "buy" ? !(price <= limit + slack) : !(price >= limit - slack);
}
