/**
 * What a plugin may say, checked field by field. Host side only: nothing that runs in a plugin's process imports this.
 * What passes is a `PluginMessage` that the rest of the host trusts.
 */
import * as v from "valibot";
import { causeId, clientOrderId, fillId, parseInstrumentId, venueId, venueOrderId } from "../model/ids.ts";
import { klineIntervals, maxHistoryRows } from "../model/market.ts";
import { legModes } from "../model/leg_group.ts";
import { money } from "../model/money.ts";
import { cancelReasons, rejectCodes, sides, timesInForce, triggerKinds } from "../model/order.ts";
import { panelLimits } from "../model/panel.ts";
import { increment, priceTicks, sizeLots } from "../model/ticks.ts";
import { frameLimits, type PluginMessage } from "./messages.ts";

/** A text that a constructor of the model turns into a branded value; its error becomes an issue. */
const branded = <T>(make: (text: string) => T) =>
  v.pipe(
    v.string(),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      try {
        return make(dataset.value);
      } catch (error) {
        addIssue({ message: error instanceof Error ? error.message : "invalid" });
        return NEVER;
      }
    }),
  );

function isJson(json: string): boolean {
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}

const finite = v.pipe(v.number(), v.finite());
const timestamp = v.pipe(finite, v.minValue(0));
const safeInteger = v.pipe(v.number(), v.safeInteger());
const lots = v.pipe(safeInteger, v.transform(sizeLots));
const positiveLots = v.pipe(safeInteger, v.minValue(1), v.transform(sizeLots));
const unsignedLots = v.pipe(safeInteger, v.minValue(0), v.transform(sizeLots));
const ticks = v.pipe(safeInteger, v.transform(priceTicks));
const moneyValue = v.pipe(v.bigint(), v.transform(money));
const text = (max: number) => v.pipe(v.string(), v.maxLength(max));
const index = v.pipe(safeInteger, v.minValue(0), v.maxValue(65_535));
const instrument = branded(parseInstrumentId);
/** `undefined` travels as null (codec.ts): the field is always there. */
const orUndefined = <S extends v.GenericSchema>(schema: S) =>
  v.pipe(v.nullable(schema), v.transform((value): v.InferOutput<S> | undefined => value ?? undefined));

const incrementSchema = v.pipe(
  v.object({ text: v.string() }),
  v.transform(({ text: decimal }) => increment(decimal)),
);

const instrumentStatus = v.picklist(["trading", "post_only", "cancel_only", "halted"]);

const instrumentSchema = v.pipe(
  v.object({
    id: instrument,
    venue: branded(venueId),
    symbol: text(64),
    venueSymbol: text(64),
    kind: v.picklist(["perpetual", "future", "spot"]),
    settlement: v.picklist(["linear", "inverse"]),
    baseAsset: text(32),
    quoteAsset: text(32),
    settlementAsset: text(32),
    tick: incrementSchema,
    lot: incrementSchema,
    contractMultiplier: v.pipe(v.string(), v.regex(/^\d{1,20}(\.\d{1,20})?$/)),
    minSizeLots: v.pipe(safeInteger, v.minValue(0)),
    maxSizeLots: v.pipe(safeInteger, v.minValue(0)),
    minNotional: v.pipe(finite, v.minValue(0)),
    makerFeeBps: v.pipe(finite, v.minValue(-1_000), v.maxValue(1_000)),
    takerFeeBps: v.pipe(finite, v.minValue(-1_000), v.maxValue(1_000)),
    maxLeverage: v.pipe(finite, v.minValue(0)),
    maxPriceFigures: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(20))),
    fundingIntervalHours: v.exactOptional(v.pipe(finite, v.minValue(0))),
    status: instrumentStatus,
  }),
  v.check((one) => one.id === `${one.venue}:${one.symbol}`, "id is not venue:symbol"),
);

const pricing = v.variant("kind", [
  v.object({
    kind: v.literal("limit"),
    limitPriceTicks: v.pipe(safeInteger, v.minValue(1), v.transform(priceTicks)),
    timeInForce: v.picklist(timesInForce),
    postOnly: v.boolean(),
  }),
  v.object({ kind: v.literal("market"), worstPriceTicks: orUndefined(ticks) }),
]);

const terms = v.object({
  instrument,
  side: v.picklist(sides),
  sizeLots: positiveLots,
  reduceOnly: v.boolean(),
  pricing,
});

const rows = <S extends v.GenericSchema>(schema: S, most: number) =>
  v.pipe(v.array(schema), v.maxLength(most));

const legTerms = v.object({
  instrument,
  side: v.picklist(sides),
  sizeLots: positiveLots,
  limitPriceTicks: v.pipe(safeInteger, v.minValue(1), v.transform(priceTicks)),
});

const groupTerms = v.object({
  legs: v.strictTuple([legTerms, legTerms]),
  mode: v.picklist(legModes),
  maxNakedNotionalUsd: finite,
  maxNakedMs: finite,
  completeWithinBps: finite,
  exitCapBps: finite,
  maxHoldMs: orUndefined(finite),
  maxRestMs: orUndefined(finite),
});

const trigger = v.object({
  kind: v.picklist(triggerKinds),
  triggerPriceTicks: v.pipe(safeInteger, v.minValue(1), v.transform(priceTicks)),
});

const exitTerms = v.object({
  stopLossBps: orUndefined(finite),
  stopPrice: orUndefined(finite),
  takeProfitBps: orUndefined(finite),
  takeProfitPrice: orUndefined(finite),
  takeProfitSteps: v.optional(orUndefined(
    v.pipe(
      v.array(v.object({ bps: orUndefined(finite), price: orUndefined(finite), share: finite })),
      v.maxLength(10),
    ),
  )),
  trailing: orUndefined(v.object({ activationBps: finite, distanceBps: finite })),
  breakEven: orUndefined(v.object({ activationBps: finite, offsetBps: finite })),
  maxHoldMs: orUndefined(finite),
  wideSpread: orUndefined(v.object({ maxSpreadBps: finite, maxDeferMs: finite })),
  exitCapBps: finite,
});

const causes = v.pipe(v.array(branded(causeId)), v.maxLength(8));

const reason = orUndefined(v.picklist([...rejectCodes, ...cancelReasons]));

const orderReport = v.object({
  instrument,
  clientOrderId: orUndefined(branded(clientOrderId)),
  venueOrderId: branded(venueOrderId),
  side: v.picklist(sides),
  sizeLots: unsignedLots,
  filledLots: unsignedLots,
  limitPriceTicks: orUndefined(ticks),
  triggerPriceTicks: v.optional(orUndefined(ticks), null),
  reduceOnly: v.boolean(),
  status: v.picklist(["open", "filled", "cancelled", "rejected", "expired"]),
  reason,
  venueText: orUndefined(text(1_000)),
  tsVenueMs: timestamp,
});

const fill = v.object({
  instrument,
  fillId: branded(fillId),
  venueOrderId: branded(venueOrderId),
  clientOrderId: orUndefined(branded(clientOrderId)),
  side: v.picklist(sides),
  priceTicks: v.pipe(safeInteger, v.minValue(1), v.transform(priceTicks)),
  sizeLots: positiveLots,
  liquidity: v.picklist(["maker", "taker"]),
  fee: moneyValue,
  feeAsset: text(32),
  tsVenueMs: timestamp,
  tsRecvUs: timestamp,
});

const position = v.object({
  instrument,
  positionLots: lots,
  entryPrice: orUndefined(finite),
  markPrice: orUndefined(finite),
  liquidationPrice: orUndefined(finite),
  leverage: orUndefined(finite),
  tsVenueMs: timestamp,
});

const balance = v.object({ asset: text(32), total: moneyValue, available: moneyValue, tsVenueMs: timestamp });

const rejected = v.object({
  kind: v.literal("rejected"),
  code: v.picklist(rejectCodes),
  venueCode: text(200),
  venueText: text(1_000),
});
const unknown = v.object({
  kind: v.literal("unknown"),
  why: v.picklist(["timeout", "disconnected", "garbled_reply"]),
  details: text(1_000),
});
const alreadyDone = v.object({ kind: v.literal("already_done"), venueText: text(1_000) });
const cancelOutcome = v.variant("kind", [
  v.object({ kind: v.literal("acknowledged") }),
  alreadyDone,
  rejected,
  unknown,
]);

const submitOutcome = v.variant("kind", [
  v.object({ kind: v.literal("acknowledged"), venueOrderId: branded(venueOrderId), tsVenueMs: timestamp }),
  rejected,
  unknown,
]);

const fundingPayment = v.object({
  instrument,
  paymentId: text(128),
  amount: moneyValue,
  asset: text(32),
  tsVenueMs: timestamp,
});

const positive = v.pipe(finite, v.gtValue(0));
const kline = v.object({
  tsOpenMs: timestamp,
  openPrice: positive,
  highPrice: positive,
  lowPrice: positive,
  closePrice: positive,
  volumeBase: v.pipe(v.nullable(v.number()), v.transform((value) => value ?? NaN)),
});
const fundingRate = v.object({
  fundingRate: finite,
  intervalHours: orUndefined(positive),
  tsVenueMs: timestamp,
});

const response = v.variant("kind", [
  v.object({ kind: v.literal("submit"), outcome: submitOutcome }),
  v.object({ kind: v.literal("submit_batch"), outcomes: rows(submitOutcome, 1_000) }),
  v.object({ kind: v.literal("cancel"), outcome: cancelOutcome }),
  v.object({ kind: v.literal("cancel_batch"), outcomes: rows(cancelOutcome, 1_000) }),
  v.object({
    kind: v.literal("amend"),
    outcome: v.variant("kind", [
      v.object({ kind: v.literal("acknowledged"), venueOrderId: branded(venueOrderId) }),
      alreadyDone,
      rejected,
      unknown,
    ]),
  }),
  v.object({ kind: v.literal("cancel_all"), outcome: cancelOutcome }),
  v.object({
    kind: v.literal("query_order"),
    outcome: v.variant("kind", [
      v.object({ kind: v.literal("found"), report: orderReport }),
      v.object({ kind: v.literal("not_found") }),
      v.object({ kind: v.literal("failed"), details: text(1_000) }),
    ]),
  }),
  v.object({ kind: v.literal("open_orders"), orders: v.array(orderReport) }),
  v.object({ kind: v.literal("fills"), fills: v.array(fill) }),
  v.object({ kind: v.literal("positions"), positions: v.array(position) }),
  v.object({ kind: v.literal("balances"), balances: v.array(balance) }),
  v.object({
    kind: v.literal("set_leverage"),
    outcome: v.variant("kind", [v.object({ kind: v.literal("acknowledged") }), rejected, unknown]),
  }),
  v.object({ kind: v.literal("funding_payments"), payments: v.array(fundingPayment) }),
  v.object({ kind: v.literal("klines"), klines: rows(kline, maxHistoryRows + 1) }),
  v.object({ kind: v.literal("funding_rates"), rates: rows(fundingRate, maxHistoryRows) }),
  v.object({ kind: v.literal("server_time"), tsVenueMs: timestamp }),
  v.object({
    kind: v.literal("venue_status"),
    status: instrumentStatus,
  }),
  v.object({
    kind: v.literal("failed"),
    code: v.picklist([...rejectCodes, "unreachable", "garbled_reply", "range_too_long"]),
    venueCode: text(200),
    details: text(1_000),
  }),
]);

const channelStatistics = v.object({
  instrument: orUndefined(instrument),
  channel: text(60),
  updates: v.pipe(safeInteger, v.minValue(0)),
  updatesPerSecond: v.pipe(finite, v.minValue(0)),
  heartbeatAgeMs: orUndefined(finite),
  latencyAverageMs: orUndefined(finite),
  latencyP50Ms: orUndefined(finite),
  latencyP99Ms: orUndefined(finite),
  latencyMaxMs: orUndefined(finite),
  gaps: v.pipe(safeInteger, v.minValue(0)),
});
const connectionState = v.picklist(["connecting", "connected", "reconnecting", "stopped"]);
const ref = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,40}$/));

const panel = v.object({
  status: text(panelLimits.statusChars),
  leverage: orUndefined(v.pipe(finite, v.gtValue(0), v.maxValue(panelLimits.maxLeverage))),
  lines: rows(
    v.object({ name: text(panelLimits.nameChars), value: text(panelLimits.valueChars) }),
    panelLimits.lines,
  ),
  readings: rows(
    v.object({
      instrument,
      readings: rows(v.object({ name: text(panelLimits.nameChars), value: finite }), panelLimits.readings),
    }),
    panelLimits.instruments,
  ),
  signals: rows(
    v.object({
      tsMs: timestamp,
      instrument,
      side: v.picklist(sides),
      isTaken: v.boolean(),
      score: finite,
      confidence: finite,
      reasons: rows(text(panelLimits.reasonChars), panelLimits.reasons),
      rejections: rows(text(panelLimits.reasonChars), panelLimits.reasons),
    }),
    panelLimits.signals,
  ),
});

const commonSchemas = [
  v.object({ type: v.literal("manifest"), manifest: v.unknown() }),
  v.object({
    type: v.literal("ready"),
    protocolVersion: safeInteger,
    capabilities: orUndefined(v.record(text(40), v.boolean())),
    hasTrading: v.boolean(),
  }),
  v.object({ type: v.literal("failed"), code: text(60), details: text(4_000) }),
  v.object({
    type: v.literal("heartbeat"),
    count: safeInteger,
    heapUsedBytes: v.pipe(finite, v.minValue(0)),
    loopDelayMs: v.pipe(finite, v.minValue(0)),
  }),
  v.object({
    type: v.literal("log"),
    level: v.picklist(["debug", "info", "warn", "error"]),
    message: text(frameLimits.maxLogMessageChars),
    fields: v.record(
      text(60),
      v.union([text(2_000), v.number(), v.boolean(), v.pipe(v.null(), v.transform(() => "null"))]),
    ),
  }),
  v.object({
    type: v.literal("gauge"),
    name: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_.]{0,59}$/)),
    value: v.nullable(v.number()),
  }),
  v.object({ type: v.literal("callback_error"), callback: text(40), details: text(2_000) }),
  v.object({ type: v.literal("stopped") }),
] as const;

const strategySchema = v.variant("type", [
  ...commonSchemas,
  v.object({ type: v.literal("at"), epochUs: finite }),
  v.object({ type: v.literal("paused"), epochUs: finite }),
  v.object({
    type: v.literal("submit"),
    ref,
    terms,
    causes,
    exits: v.optional(orUndefined(exitTerms)),
    trigger: v.optional(orUndefined(trigger)),
  }),
  v.object({
    type: v.literal("amend"),
    ref,
    sizeLots: orUndefined(positiveLots),
    limitPriceTicks: orUndefined(v.pipe(safeInteger, v.minValue(1), v.transform(priceTicks))),
  }),
  v.object({ type: v.literal("set_exit"), instrument, terms: exitTerms }),
  v.object({ type: v.literal("clear_exit"), instrument }),
  v.object({ type: v.literal("cancel"), ref }),
  v.object({ type: v.literal("submit_group"), ref, terms: groupTerms, causes }),
  v.object({ type: v.literal("close_group"), ref, reason: text(80) }),
  v.object({ type: v.literal("cancel_all"), instrument: orUndefined(instrument) }),
  v.object({
    type: v.literal("save_state"),
    json: v.pipe(text(frameLimits.maxStateBytes), v.check(isJson, "no JSON")),
  }),
  v.object({
    type: v.literal("history_question"),
    questionId: v.pipe(safeInteger, v.minValue(1)),
    question: v.variant("kind", [
      v.object({
        kind: v.literal("klines"),
        instrument,
        interval: v.picklist(klineIntervals),
        fromMs: timestamp,
        toMs: timestamp,
      }),
      v.object({ kind: v.literal("funding_rates"), instrument, fromMs: timestamp, toMs: timestamp }),
    ]),
  }),
  v.object({ type: v.literal("panel"), panel }),
  v.object({
    type: v.literal("opportunity"),
    tsMs: timestamp,
    symbol: text(64),
    buy: instrument,
    sell: instrument,
    buyPrice: finite,
    sellPrice: finite,
    sizeBase: finite,
    buyBidPrice: finite,
    buyAskPrice: finite,
    sellBidPrice: finite,
    sellAskPrice: finite,
    spreadBps: finite,
    grossBps: finite,
    feesBps: finite,
    netBps: finite,
    slippageBps: finite,
    fundingBps: finite,
    expectedBps: finite,
    score: finite,
    plan: text(200),
    isTaken: v.boolean(),
    skipped: orUndefined(text(200)),
  }),
]);

const exchangeSchema = v.variant("type", [
  ...commonSchemas,
  v.object({ type: v.literal("instrument"), index, instrument: instrumentSchema }),
  v.object({ type: v.literal("order_report"), report: orderReport }),
  v.object({ type: v.literal("fill_report"), fill }),
  v.object({ type: v.literal("position_report"), position }),
  v.object({ type: v.literal("balance_report"), balance }),
  v.object({ type: v.literal("funding_report"), payment: fundingPayment }),
  v.object({
    type: v.literal("health"),
    health: v.object({
      marketData: connectionState,
      privateStream: orUndefined(connectionState),
      heartbeatAgeMs: v.pipe(v.nullable(v.number()), v.transform((value) => value ?? Infinity)),
      updatesPerSecond: finite,
      latencyAverageMs: orUndefined(finite),
      latencyP99Ms: orUndefined(finite),
      gaps: safeInteger,
      reconnects: safeInteger,
      failedAttempts: v.optional(v.pipe(safeInteger, v.minValue(0))),
      deadMansSwitch: v.optional(v.picklist(["armed", "not_armed"])),
    }),
  }),
  v.object({ type: v.literal("channel_statistics"), channels: rows(channelStatistics, 10_000) }),
  v.object({ type: v.literal("private_stream_restored") }),
  v.object({ type: v.literal("response"), requestId: safeInteger, response }),
]);

export type ParsedMessage =
  | { readonly kind: "message"; readonly message: PluginMessage }
  | { readonly kind: "fault"; readonly reason: string };

/** A plugin's message, checked for its role: a strategy can't speak as an adapter, nor the other way round. */
export function parsePluginMessage(found: unknown, role: "strategy" | "exchange" | "probe"): ParsedMessage {
  const parsed = v.safeParse(role === "exchange" ? exchangeSchema : strategySchema, found, {
    abortEarly: true,
  });
  if (parsed.success) return { kind: "message", message: fromParsed(parsed.output) };
  const issue = parsed.issues[0];
  return { kind: "fault", reason: `${v.getDotPath(issue) ?? "message"}: ${issue.message}`.slice(0, 300) };
}

type Parsed = v.InferOutput<typeof strategySchema> | v.InferOutput<typeof exchangeSchema>;

/** A gauge of NaN travels as null. */
function fromParsed(message: Parsed): PluginMessage {
  return message.type === "gauge" ? { ...message, value: message.value ?? NaN } : message;
}
