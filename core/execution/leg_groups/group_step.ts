/** One decision about a group: what it is made from, what comes of it, and the orders that it places. */
import type { LegGroup, LegGroupLimits, LegIndex, LegOrder, LegOrderRole } from "../../model/leg_group.ts";
import type { OrderPricing, Side } from "../../model/order.ts";
import { priceTicks, sizeLots } from "../../model/ticks.ts";
import { legOrderRef } from "./group_record.ts";
import type { LegViews } from "./repair_choice.ts";

export interface GroupView {
  readonly nowUs: number;
  /** Undefined while an adapter has not listed one of the instruments: nothing is done. */
  readonly legs: LegViews | undefined;
  readonly limits: LegGroupLimits;
  /** The whole host is halted: nothing is sent, not even to unwind. */
  readonly isFrozen: boolean;
  /** The plugin's own scope is halted: a halted group stays so. */
  readonly isPluginHalted: boolean;
  /** The plugin's process is gone: nothing of it rests any more. */
  readonly isAbandoned: boolean;
}

export type GroupAction =
  | {
    readonly kind: "submit";
    readonly order: LegOrder;
    readonly pricing: OrderPricing;
    readonly reduceOnly: boolean;
  }
  /** The resting first leg is to go, and why. */
  | { readonly kind: "cancel"; readonly ref: string; readonly why: RestEnd }
  | { readonly kind: "broken"; readonly excess: LegIndex; readonly excessLots: number }
  | { readonly kind: "naked_too_long"; readonly nakedMs: number }
  | { readonly kind: "halt"; readonly why: string }
  | { readonly kind: "resumed" };

/** Why a resting leg is cancelled. */
export type RestEnd =
  | "edge_gone"
  | "rested_long_enough"
  | "hedge_missed"
  | "naked_too_long"
  | "close_asked"
  | "plugin_gone";

export interface GroupStep {
  readonly group: LegGroup;
  readonly actions: readonly GroupAction[];
}

export type Submit = Extract<GroupAction, { readonly kind: "submit" }>;

/** Nothing to do. */
export const still = (group: LegGroup): GroupStep => ({ group, actions: [] });

/** At this price or better, at once or not at all. */
export const limitPricing = (ticks: number): OrderPricing => ({
  kind: "limit",
  limitPriceTicks: priceTicks(ticks),
  timeInForce: "IOC",
  postOnly: false,
});

/** Rests at this price, or is rejected where it would take. */
export const restingPricing = (ticks: number): OrderPricing => ({
  kind: "limit",
  limitPriceTicks: priceTicks(ticks),
  timeInForce: "GTC",
  postOnly: true,
});

/** A new order of the group, in its record and as what is to be done. */
export function submit(
  group: LegGroup,
  leg: LegIndex,
  role: LegOrderRole,
  side: Side,
  lots: number,
  pricing: OrderPricing,
  reduceOnly: boolean,
): { readonly group: LegGroup; readonly action: Submit } {
  const order: LegOrder = {
    ref: legOrderRef(group.id, group.nextSerial),
    leg,
    role,
    side,
    sizeLots: sizeLots(lots),
    filledLots: sizeLots(0),
    isDone: false,
  };
  return {
    group: { ...group, orders: [...group.orders, order], nextSerial: group.nextSerial + 1 },
    action: { kind: "submit", order, pricing, reduceOnly },
  };
}

/** Whether one leg has been alone for longer than the group or the host allows. */
export function isNakedTooLong({ nakedSinceUs, terms }: LegGroup, { nowUs, limits }: GroupView): boolean {
  const maxMs = Math.min(terms.maxNakedMs, limits.maxNakedMs);
  return nakedSinceUs !== undefined && nowUs - nakedSinceUs >= maxMs * 1000;
}

/** At most what the venue takes in one order; 0 is no limit. */
export const bounded = (
  lots: number,
  maxLots: number,
): number => (maxLots > 0 ? Math.min(lots, maxLots) : lots);
