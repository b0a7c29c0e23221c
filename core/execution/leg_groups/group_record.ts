/** What happens to a group, as pure changes of its record. What follows from them is decided in group_decision.ts. */
import type { Money } from "../../model/money.ts";
import {
  heldLots,
  type LegGroup,
  type LegGroupIntent,
  type LegGroupLimits,
  type LegIndex,
  type LegOrder,
  type LegTotals,
} from "../../model/leg_group.ts";
import { sizeLots } from "../../model/ticks.ts";

const noTotals: LegTotals = {
  openedLots: sizeLots(0),
  openedTicksLots: 0n,
  closedLots: sizeLots(0),
  closedTicksLots: 0n,
  takenLots: sizeLots(0),
  feesPaid: 0n,
};

export function newGroup(id: string, { plugin, ref, terms }: LegGroupIntent, nowUs: number): LegGroup {
  return {
    id,
    plugin,
    ref,
    terms,
    phase: { kind: "opening", stage: terms.mode === "together" ? "both" : "first" },
    totals: [noTotals, noTotals],
    orders: [],
    nextSerial: 1,
    attempts: 0,
    totalAttempts: 0,
    nextAttemptUs: 0,
    isCompletionOff: false,
    closeReason: undefined,
    wasOpen: false,
    wasBroken: false,
    nakedSinceUs: undefined,
    isNakedNoticed: false,
    cancelAskedUs: undefined,
    tsCreatedUs: nowUs,
    tsUpdatedUs: nowUs,
  };
}

const prefix = "group:";

/** The host's name for an order of a group. No plugin can give it: theirs have no colon. */
export const legOrderRef = (id: string, serial: number): string => `${prefix}${id}:${serial}`;

/** The group that an order's name belongs to. */
export function groupIdOfRef(ref: string): string | undefined {
  if (!ref.startsWith(prefix)) return undefined;
  return ref.slice(prefix.length, ref.lastIndexOf(":"));
}

const withTotals = (group: LegGroup, leg: LegIndex, totals: LegTotals): LegGroup => ({
  ...group,
  totals: leg === 0 ? [totals, group.totals[1]] : [group.totals[0], totals],
});

const withOrder = (group: LegGroup, order: LegOrder): LegGroup => ({
  ...group,
  orders: group.orders.map((one) => (one.ref === order.ref ? order : one)),
});

/** A fill of one of the group's orders, whatever the group's phase. Undefined when it is none of its orders. */
export function withFill(
  group: LegGroup,
  fill: { readonly ref: string; readonly lots: number; readonly ticks: number; readonly fee: Money },
  nowUs: number,
): LegGroup | undefined {
  const order = group.orders.find(({ ref }) => ref === fill.ref);
  if (order === undefined) return undefined;
  const before = group.totals[order.leg];
  const ticksLots = BigInt(fill.ticks) * BigInt(fill.lots);
  const feesPaid = before.feesPaid + fill.fee;
  const totals: LegTotals = order.side === group.terms.legs[order.leg].side
    ? {
      ...before,
      feesPaid,
      openedLots: sizeLots(before.openedLots + fill.lots),
      openedTicksLots: before.openedTicksLots + ticksLots,
    }
    : {
      ...before,
      feesPaid,
      closedLots: sizeLots(before.closedLots + fill.lots),
      closedTicksLots: before.closedTicksLots + ticksLots,
    };
  const filled = { ...order, filledLots: sizeLots(order.filledLots + fill.lots) };
  const isProgress = order.role !== "open";
  return {
    ...withOrder(withTotals(group, order.leg, totals), filled),
    ...(isProgress ? { attempts: 0, nextAttemptUs: nowUs } : {}),
  };
}

/** An order is done and all its fills were told. */
export function withOrderDone(group: LegGroup, ref: string): LegGroup {
  const order = group.orders.find((one) => one.ref === ref);
  return order === undefined || order.isDone ? group : withOrder(group, { ...order, isDone: true });
}

/** An order that the venue had concluded works again. */
export function withOrderRevived(group: LegGroup, ref: string): LegGroup {
  const order = group.orders.find((one) => one.ref === ref);
  return order === undefined || !order.isDone ? group : withOrder(group, { ...order, isDone: false });
}

/**
 * An order that was not sent.
 *
 * @param how `wait`: for a reason that passes (no connection, a halt); it does not count as an attempt. `final`: the
 * same order would be refused again: a completion is given up, for the rest it was an attempt.
 */
export function withRefusal(
  group: LegGroup,
  ref: string,
  how: "wait" | "final",
  nowUs: number,
  limits: LegGroupLimits,
): LegGroup {
  const order = group.orders.find((one) => one.ref === ref);
  if (order === undefined) return group;
  const orders = group.orders.filter((one) => one.ref !== ref);
  // The hedge of a resting leg would be refused again at once: the rest is cancelled, and what was filled taken back.
  const isHedge = group.terms.mode === "maker_first" && order.leg === 1;
  if (order.role === "open") return { ...group, orders, isCompletionOff: group.isCompletionOff || isHedge };
  const isFree = how === "wait" || order.role === "complete";
  return {
    ...group,
    orders,
    isCompletionOff: group.isCompletionOff || order.role === "complete",
    attempts: Math.max(0, group.attempts - (isFree ? 1 : 0)),
    totalAttempts: Math.max(0, group.totalAttempts - (isFree ? 1 : 0)),
    nextAttemptUs: order.role === "complete"
      ? nowUs
      : Math.max(group.nextAttemptUs, nowUs + limits.retryMs * 1000),
  };
}

/** Closing was asked for; the first reason stays. */
export const withCloseAsked = (group: LegGroup, reason: string): LegGroup =>
  group.closeReason === undefined ? { ...group, closeReason: reason.slice(0, 80) } : group;

/** Other orders closed part of what the group holds. */
export function withTaken(group: LegGroup, leg: LegIndex, lots: number): LegGroup {
  const totals = group.totals[leg];
  return {
    ...withTotals(group, leg, { ...totals, takenLots: sizeLots(totals.takenLots + lots) }),
    isCompletionOff: true,
  };
}

/** Lots of a leg that the group's own records say it holds; never below 0. */
export const heldOf = (group: LegGroup, leg: LegIndex): number => Math.max(0, heldLots(group.totals[leg]));

export const isWorking = (group: LegGroup, leg?: LegIndex): boolean =>
  group.orders.some((order) => !order.isDone && (leg === undefined || order.leg === leg));
