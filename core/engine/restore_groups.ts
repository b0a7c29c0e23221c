/** Leg groups as the journal kept them. Fills are the truth: what the records of fills say beyond a group's own is added. */
import * as v from "valibot";
import { clientOrderId, parseInstrumentId, pluginId } from "../model/ids.ts";
import { type LegGroup, legModes, legOrderRoles } from "../model/leg_group.ts";
import { money } from "../model/money.ts";
import { sides } from "../model/order.ts";
import { priceTicks } from "../model/ticks.ts";
import { withFill } from "../execution/leg_groups/group_record.ts";
import { absent, bigInteger, branded, finite, integer, lots, ticks } from "./restore_schemas.ts";

const leg = v.object({
  instrument: branded(parseInstrumentId),
  side: v.picklist(sides),
  sizeLots: lots,
  limitPriceTicks: ticks,
});

const terms = v.pipe(
  v.object({
    legs: v.tuple([leg, leg]),
    mode: v.picklist(legModes),
    maxNakedNotionalUsd: finite,
    maxNakedMs: finite,
    completeWithinBps: finite,
    exitCapBps: finite,
    maxHoldMs: absent(finite),
    maxRestMs: absent(finite),
  }),
  v.transform((found) => ({
    ...found,
    maxHoldMs: found.maxHoldMs ?? undefined,
    maxRestMs: found.maxRestMs ?? undefined,
  })),
);

const phase = v.variant("kind", [
  v.object({ kind: v.literal("opening"), stage: v.picklist(["first", "second", "both"]) }),
  v.object({ kind: v.literal("repairing") }),
  v.object({ kind: v.literal("open") }),
  v.object({ kind: v.literal("closing") }),
  v.object({ kind: v.literal("halted"), why: v.string() }),
  v.object({
    kind: v.literal("ended"),
    outcome: v.picklist(["nothing_filled", "unwound", "closed", "closed_elsewhere"]),
  }),
]);

const totals = v.object({
  openedLots: lots,
  openedTicksLots: bigInteger,
  closedLots: lots,
  closedTicksLots: bigInteger,
  takenLots: lots,
  feesPaid: bigInteger,
});

const order = v.object({
  ref: v.string(),
  leg: v.picklist([0, 1]),
  role: v.picklist(legOrderRoles),
  side: v.picklist(sides),
  sizeLots: lots,
  filledLots: lots,
  isDone: v.boolean(),
});

export const groupSchema = v.pipe(
  v.object({
    id: v.string(),
    plugin: branded(pluginId),
    ref: v.string(),
    terms,
    phase,
    totals: v.tuple([totals, totals]),
    orders: v.array(order),
    nextSerial: integer,
    attempts: integer,
    totalAttempts: integer,
    nextAttemptUs: finite,
    isCompletionOff: v.boolean(),
    closeReason: absent(v.string()),
    wasOpen: v.boolean(),
    wasBroken: v.boolean(),
    nakedSinceUs: absent(finite),
    isNakedNoticed: v.boolean(),
    cancelAskedUs: absent(finite),
    tsCreatedUs: finite,
    tsUpdatedUs: finite,
  }),
  v.transform((group) => ({
    ...group,
    closeReason: group.closeReason ?? undefined,
    nakedSinceUs: group.nakedSinceUs ?? undefined,
    cancelAskedUs: group.cancelAskedUs ?? undefined,
  })),
);

/** The part of a journalled fill that a group's totals are made from. */
export const ownedFillSchema = v.object({
  plugin: branded(pluginId),
  ref: v.string(),
  fill: v.object({
    clientOrderId: absent(branded(clientOrderId)),
    priceTicks: ticks,
    sizeLots: lots,
    fee: v.pipe(bigInteger, v.transform(money)),
    tsRecvUs: finite,
  }),
});
export type OwnedFill = v.InferOutput<typeof ownedFillSchema>;

/**
 * A group with every fill that the journal has of its orders. A crash may have come between the record of a fill and
 * that of the group; fills are journalled first, so that a group never knows more than they.
 *
 * @param fills of all plugins, oldest first
 */
export function withJournalledFills(group: LegGroup, fills: readonly OwnedFill[]): LegGroup {
  let whole = group;
  for (const known of group.orders) {
    let missing = -known.filledLots;
    for (const { ref, fill } of fills) {
      if (ref !== known.ref) continue;
      missing += fill.sizeLots;
      // Fills are booked in order: what the group lacks are the last ones.
      if (missing > 0) {
        const part = Math.min(missing, fill.sizeLots);
        const { priceTicks: at, fee, tsRecvUs } = fill;
        whole = withFill(whole, { ref, lots: part, ticks: priceTicks(at), fee }, tsRecvUs) ?? whole;
        missing = 0;
      }
    }
  }
  return whole;
}
