/**
 * From what the journal kept to what the engine takes at a restart. The journal is a file: each record is checked, and
 * one that can't be read is named and left out, never guessed. Reconciliation then compares all with the venues.
 */
import * as v from "valibot";
import {
  causeId,
  clientOrderId,
  fillId,
  parseInstrumentId,
  pluginId,
  venueId,
  venueOf,
  venueOrderId,
} from "../model/ids.ts";
import type { PluginPosition } from "../model/journal_entry.ts";
import type { LegGroup } from "../model/leg_group.ts";
import {
  cancelReasons,
  isFinalStatus,
  type Order,
  orderStatuses,
  rejectCodes,
  sides,
  triggerKinds,
} from "../model/order.ts";
import { isTradeSums, type TradeSums } from "../model/trade_record.ts";
import { marketLimitNames, tradingStates } from "../model/risk_limits.ts";
import type { EngineRestore, PnlBaseline } from "./events.ts";
import { exitPlanSchema } from "./restore_exits.ts";
import { groupSchema, ownedFillSchema, withJournalledFills } from "./restore_groups.ts";
import {
  absent,
  bigInteger,
  branded,
  finite,
  integer,
  lots,
  moneyText,
  pricing,
  ticks,
} from "./restore_schemas.ts";

/** Bodies as the journal gives them back: JSON, integers beyond 2^53 as decimal text, absent for `undefined`. */
export interface KeptState {
  /** `Order`, one for each that was not done. */
  readonly orders: readonly unknown[];
  /** `PluginPosition`, one for each plugin and instrument. */
  readonly positions: readonly unknown[];
  /** A plugin and the sums of its `round_trip` entries. */
  readonly trades: readonly unknown[];
  /** Bodies of `trading_state` entries, the newest of each scope. */
  readonly tradingStates: readonly unknown[];
  /** Bodies of `limits` entries, the newest of each scope. */
  readonly limits: readonly unknown[];
  /** Bodies of `market_limits` entries, the newest. */
  readonly marketLimits: readonly unknown[];
  /** `PnlBaseline`, one for each scope, as `Engine.checkpoint` gives them. */
  readonly baselines: readonly unknown[];
  /** Bodies of `fill` entries, oldest first: those of the last days, so that none is booked twice. */
  readonly fills: readonly unknown[];
  /** Bodies of `funding` entries of the last days. */
  readonly funding: readonly unknown[];
  /** `TriggerOrder`, one for each that waited. */
  readonly triggers: readonly unknown[];
  /** `ExitPlan`, one for each that had not ended. */
  readonly exits: readonly unknown[];
  /** `LegGroup`, one for each that was not over. */
  readonly groups: readonly unknown[];
}

/** A record that was left out, and why. */
export interface UnreadableRecord {
  readonly kind: keyof KeptState;
  readonly reason: string;
}

const amendedTerms = v.object({ sizeLots: lots, limitPriceTicks: ticks });
const orderTrigger = v.object({ kind: v.picklist(triggerKinds), triggerPriceTicks: ticks });

const orderSchema = v.pipe(
  v.object({
    instrument: branded(parseInstrumentId),
    side: v.picklist(sides),
    sizeLots: lots,
    reduceOnly: v.boolean(),
    reducesPlugin: absent(v.boolean()),
    pricing,
    trigger: absent(orderTrigger),
    clientOrderId: branded(clientOrderId),
    plugin: branded(pluginId),
    ref: v.string(),
    venueOrderId: absent(branded(venueOrderId)),
    status: v.picklist(orderStatuses),
    filledLots: lots,
    filledTicksLots: bigInteger,
    reason: absent(v.picklist([...rejectCodes, ...cancelReasons])),
    venueText: absent(v.string()),
    amending: absent(amendedTerms),
    replacement: absent(amendedTerms),
    cause: branded(causeId),
    tsCreatedUs: finite,
    tsUpdatedUs: finite,
  }),
  v.transform(({ amending, replacement, reducesPlugin, trigger, ...order }) => ({
    ...order,
    ...(trigger === null || trigger === undefined ? {} : { trigger }),
    ...(reducesPlugin === true ? { reducesPlugin } : {}),
    ...(amending === null || amending === undefined ? {} : { amending }),
    ...(replacement === null || replacement === undefined ? {} : { replacement }),
    venueOrderId: order.venueOrderId ?? undefined,
    reason: order.reason ?? undefined,
    venueText: order.venueText ?? undefined,
  })),
);

const triggerSchema = v.object({
  id: v.string(),
  intent: v.object({
    instrument: branded(parseInstrumentId),
    side: v.picklist(sides),
    sizeLots: lots,
    reduceOnly: v.boolean(),
    pricing,
    plugin: branded(pluginId),
    ref: v.string(),
    causes: v.array(branded(causeId)),
  }),
  trigger: orderTrigger,
  phase: v.picklist(["waiting", "fired", "sent", "cancelled", "refused"]),
  tsCreatedUs: finite,
});

const positionSchema = v.object({
  plugin: branded(pluginId),
  instrument: branded(parseInstrumentId),
  positionLots: lots,
  costTicksLots: bigInteger,
  realizedPnl: moneyText,
  feesPaid: moneyText,
  fundingPaid: moneyText,
});

const tradesSchema = v.object({
  plugin: branded(pluginId),
  sums: v.custom<TradeSums>(isTradeSums, "no sums of trades"),
});

const scopeSchema = v.variant("kind", [
  v.object({ kind: v.literal("global") }),
  v.object({ kind: v.literal("account"), venue: branded(venueId) }),
  v.object({ kind: v.literal("plugin"), plugin: branded(pluginId) }),
]);
const stateSchema = v.object({ scope: scopeSchema, after: v.picklist(tradingStates), reason: v.string() });

const limitValue = v.exactOptional(v.nullable(v.pipe(v.number(), v.minValue(0))));
const limitsSchema = v.object({
  scope: scopeSchema,
  limits: v.object({
    maxOrderNotionalUsd: limitValue,
    maxPositionNotionalUsd: limitValue,
    maxNetExposureUsd: limitValue,
    maxGrossExposureUsd: limitValue,
    maxLeverage: limitValue,
    maxOpenPositions: limitValue,
    maxOpenOrders: limitValue,
    maxOrdersPerSecond: limitValue,
    maxCancelToFillRatio: limitValue,
    maxDailyLossUsd: limitValue,
    maxDrawdownUsd: limitValue,
    maxConsecutiveLosses: limitValue,
  }),
});

const marketLimitsSchema = v.object({
  limits: v.object(
    v.entriesFromList(marketLimitNames, v.exactOptional(v.pipe(v.number(), v.minValue(0)))),
  ),
});

const baselineSchema = v.object({
  scope: v.string(),
  day: integer,
  dayStartPnl: finite,
  peakPnl: finite,
  consecutiveLosses: v.pipe(integer, v.minValue(0)),
});

const fillSchema = v.object({
  fill: v.object({ instrument: branded(parseInstrumentId), fillId: branded(fillId), tsVenueMs: finite }),
});

const fundingSchema = v.object({
  payment: v.object({ instrument: branded(parseInstrumentId), paymentId: v.string() }),
});

/** Reads what was kept. What could not be read is listed: the host shows it. */
export function restoreOf(kept: KeptState): {
  readonly restore: EngineRestore;
  readonly unreadable: readonly UnreadableRecord[];
} {
  const unreadable: UnreadableRecord[] = [];
  const read = <S extends v.GenericSchema>(kind: keyof KeptState, schema: S): readonly v.InferOutput<S>[] =>
    kept[kind].flatMap((record) => {
      const result = v.safeParse(schema, record);
      if (result.success) return [result.output];
      const [issue] = result.issues;
      unreadable.push({ kind, reason: `${v.getDotPath(issue) ?? "record"}: ${issue.message}` });
      return [];
    });
  const orders: readonly Order[] = read("orders", orderSchema);
  const positions: readonly PluginPosition[] = read("positions", positionSchema);
  const baselines: readonly PnlBaseline[] = read("baselines", baselineSchema);
  const fills = read("fills", fillSchema).map(({ fill }) => ({ ...fill, venue: venueOf(fill.instrument) }));
  const groups: readonly LegGroup[] = read("groups", groupSchema);
  const ownedFills = groups.length === 0 ? [] : read("fills", ownedFillSchema);
  const lastFillMs = new Map<string, number>();
  for (const { venue, tsVenueMs } of fills) {
    lastFillMs.set(venue, Math.max(tsVenueMs, lastFillMs.get(venue) ?? -Infinity));
  }
  const restore: EngineRestore = {
    workingOrders: orders.filter(({ status }) => !isFinalStatus(status)),
    positions,
    trades: read("trades", tradesSchema),
    bookedFills: fills.map(({ venue, fillId: id }) => ({ venue, fillId: id })),
    bookedFunding: read("funding", fundingSchema).map(({ payment }) => ({
      venue: venueOf(payment.instrument),
      paymentId: payment.paymentId,
    })),
    lastFillMs: Object.fromEntries(lastFillMs),
    states: read("tradingStates", stateSchema).map(({ scope, after, reason }) => ({
      scope,
      state: after,
      reason,
    })),
    limits: read("limits", limitsSchema),
    marketLimits: read("marketLimits", marketLimitsSchema).at(-1)?.limits ?? {},
    baselines,
    exits: read("exits", exitPlanSchema),
    triggers: read("triggers", triggerSchema),
    groups: groups.map((group) => withJournalledFills(group, ownedFills)),
  };
  return { restore, unreadable };
}
