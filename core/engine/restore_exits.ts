/** Exit plans as the journal kept them. */
import * as v from "valibot";
import { exitTriggers } from "../model/exit_plan.ts";
import { parseInstrumentId, pluginId } from "../model/ids.ts";
import { absent, branded, finite, integer, lots } from "./restore_schemas.ts";

/** A number that may be missing: NaN is written as null. */
const orNaN = v.pipe(v.nullable(v.number()), v.transform((value) => value ?? NaN));
const optional = <S extends v.GenericSchema>(schema: S) =>
  v.pipe(absent(schema), v.transform((value): v.InferOutput<S> | undefined => value ?? undefined));

const terms = v.pipe(
  v.object({
    stopLossBps: optional(finite),
    stopPrice: optional(finite),
    takeProfitBps: optional(finite),
    takeProfitPrice: optional(finite),
    takeProfitSteps: optional(
      v.array(v.object({ bps: optional(finite), price: optional(finite), share: finite })),
    ),
    trailing: optional(v.object({ activationBps: finite, distanceBps: finite })),
    breakEven: optional(v.object({ activationBps: finite, offsetBps: finite })),
    maxHoldMs: optional(finite),
    wideSpread: optional(v.object({ maxSpreadBps: finite, maxDeferMs: finite })),
    exitCapBps: finite,
  }),
  v.transform((found) => ({
    stopLossBps: found.stopLossBps,
    stopPrice: found.stopPrice,
    takeProfitBps: found.takeProfitBps,
    takeProfitPrice: found.takeProfitPrice,
    takeProfitSteps: found.takeProfitSteps?.map(({ bps, price, share }) => ({ bps, price, share })),
    trailing: found.trailing,
    breakEven: found.breakEven,
    maxHoldMs: found.maxHoldMs,
    wideSpread: found.wideSpread,
    exitCapBps: found.exitCapBps,
  })),
);

const phase = v.variant("kind", [
  v.object({ kind: v.literal("waiting") }),
  v.object({ kind: v.literal("armed") }),
  v.object({ kind: v.literal("exiting"), trigger: v.picklist(exitTriggers), price: orNaN }),
  v.object({
    kind: v.literal("ended"),
    why: v.picklist([...exitTriggers, "closed", "cleared", "replaced", "never_filled"]),
  }),
]);

export const exitPlanSchema = v.pipe(
  v.object({
    id: v.string(),
    plugin: branded(pluginId),
    instrument: branded(parseInstrumentId),
    terms,
    entryRef: absent(v.string()),
    phase,
    direction: absent(v.picklist(["long", "short"])),
    bestPrice: orNaN,
    isTrailing: v.boolean(),
    isBreakEven: v.boolean(),
    steps: optional(
      v.object({ done: integer, fullLots: integer, seenLots: integer, targetLots: optional(integer) }),
    ),
    tsArmedUs: absent(finite),
    deferredSinceUs: absent(finite),
    orders: v.array(v.object({ ref: v.string(), sizeLots: lots, isDone: v.boolean() })),
    nextSerial: integer,
    attempts: integer,
    lastLots: integer,
    nextAttemptUs: finite,
    tsCreatedUs: finite,
  }),
  v.transform((plan) => ({
    ...plan,
    entryRef: plan.entryRef ?? undefined,
    steps: plan.steps === undefined ? undefined : { ...plan.steps, targetLots: plan.steps.targetLots },
    direction: plan.direction ?? undefined,
    tsArmedUs: plan.tsArmedUs ?? undefined,
    deferredSinceUs: plan.deferredSinceUs ?? undefined,
  })),
);
