/**
 * What the console answers with: one schema a resource. Types, OpenAPI and tests come from here. Prices and sizes are
 * numbers for the eye; sums that must be exact are decimal text. `null` is what is not known.
 */
import * as v from "valibot";
import { watchStates } from "../alerts/ports.ts";
import { marketLimitNames, tradingStates } from "../model/risk_limits.ts";

const described = <S extends v.GenericSchema>(schema: S, words: string) =>
  v.pipe(schema, v.description(words));
/** A float; null where it is not known. */
const figure = v.nullable(v.number());
const text = v.string();
const count = v.number();
const decimal = described(v.string(), "Exact decimal text.");
const timeMs = described(v.number(), "Milliseconds since the epoch.");

export const healthSchema = v.object({ status: v.literal("ok"), version: text });

export const readinessSchema = v.object({
  isReady: v.boolean(),
  reasons: described(v.array(text), "Why not, one each."),
});

export const statusSchema = v.object({
  runId: text,
  version: text,
  environment: v.picklist(["sim", "paper", "testnet", "live", "replay"]),
  seed: count,
  tsStartMs: timeMs,
  uptimeMs: count,
  isStopping: v.boolean(),
  tradingState: v.picklist(tradingStates),
  tradingReason: text,
  isKilling: described(v.boolean(), "The kill switch was thrown and the venues have not all answered yet."),
  alerts: described(v.picklist(watchStates), "Whether somebody watches; `/api/v1/alerts` has the rest."),
  counts: v.object({ orders: count, fills: count, roundTrips: count, workingOrders: count }),
  hostRssMb: count,
  loopDelayMs: described(figure, "How late the host's own timer ran at worst since the last picture."),
  tsMs: described(
    count,
    "When this was so: the console is told anew every second, or oftener while somebody follows.",
  ),
});

export const channelHealthSchema = v.object({
  marketData: text,
  privateStream: v.nullable(text),
  heartbeatAgeMs: figure,
  updatesPerSecond: figure,
  latencyAverageMs: figure,
  latencyP99Ms: figure,
  gaps: count,
  reconnects: count,
  deadMansSwitch: v.nullable(v.picklist(["armed", "not_armed"])),
});

/** One channel of one instrument, as its adapter counts it; without an instrument, one of the account's. */
export const channelSchema = v.object({
  instrument: v.nullable(text),
  channel: text,
  updates: count,
  updatesPerSecond: figure,
  heartbeatAgeMs: figure,
  latencyAverageMs: figure,
  latencyP50Ms: figure,
  latencyP99Ms: figure,
  latencyMaxMs: figure,
  gaps: count,
});

export const venueSchema = v.object({
  venue: text,
  isStarted: v.boolean(),
  hasTrading: v.boolean(),
  isReconciled: v.boolean(),
  health: v.nullable(channelHealthSchema),
  channels: v.array(channelSchema),
  balances: v.array(v.object({ asset: text, total: decimal, available: decimal })),
  positions: v.array(
    v.object({ instrument: text, positionLots: count, entryPrice: figure, liquidationPrice: figure }),
  ),
  foreignPositions: v.array(v.object({ instrument: text, positionLots: count })),
  foreignOrders: count,
  otherHosts: described(
    v.array(v.object({ tag: text, kind: v.picklist(["order", "fill"]), tsSeenMs: timeMs })),
    "Other berths that work or lately traded on the account: nothing new is opened beside them.",
  ),
  reconciliations: v.record(text, count),
  requestTokens: v.object({ left: count, burst: count }),
  pendingRequests: count,
});

export const instrumentSchema = v.object({
  id: text,
  venue: text,
  symbol: text,
  venueSymbol: text,
  kind: text,
  settlement: text,
  settlementAsset: text,
  tick: decimal,
  lot: decimal,
  minSize: decimal,
  minNotional: count,
  makerFeeBps: count,
  takerFeeBps: count,
  maxLeverage: count,
  status: text,
});

export const quoteSchema = v.object({
  instrument: text,
  bidPrice: figure,
  bidSizeBase: figure,
  askPrice: figure,
  askSizeBase: figure,
  ageMs: figure,
  updates: count,
  updatesPerSecond: figure,
  latencyAverageMs: figure,
  gaps: count,
  isCrossed: v.boolean(),
  markPrice: figure,
  indexPrice: figure,
  fundingRate: figure,
  lastTradePrice: figure,
  trades: count,
});

export const opportunitySchema = v.object({
  tsMs: timeMs,
  plugin: text,
  symbol: text,
  words: text,
  edgeBps: figure,
  isTaken: v.boolean(),
});
export const opportunitiesSchema = v.object({
  seen: count,
  taken: count,
  latest: described(v.array(opportunitySchema), "Newest first."),
});

export const pluginSchema = v.object({
  id: text,
  kind: v.picklist(["strategy", "exchange", "unknown"]),
  version: v.nullable(text),
  fingerprint: described(v.nullable(text), "Of what lies in its folder now: an approval names it."),
  state: text,
  why: text,
  update: described(
    v.nullable(v.object({ kind: text, why: text })),
    "A newer version that does not run, and why.",
  ),
  restarts: count,
  asks: described(v.array(text), "What it asks for while it waits for approval, in plain words."),
  may: described(v.array(text), "All that its version may do, in plain words, money first."),
  description: text,
  orders: count,
  refusals: count,
  usage: v.nullable(v.object({
    cpuPercent: figure,
    rssMb: figure,
    heapMb: figure,
    loopDelayMs: figure,
    heartbeatAgeMs: figure,
  })),
});

export const tradeStatisticsSchema = v.object({
  trades: described(count, "Positions that went from flat to flat, by the fills."),
  wins: count,
  losses: count,
  winRatePercent: figure,
  totalNetUsd: described(figure, "After fees and funding."),
  dayNetUsd: described(figure, "Of those that ended today, UTC."),
  feesUsd: figure,
  averageWinUsd: figure,
  averageLossUsd: figure,
  profitFactor: described(figure, "Sum of wins ÷ sum of losses; null without a loss."),
  averageHoldMs: figure,
  longestHoldMs: figure,
  consecutiveLosses: count,
});

const panelSignalSchema = v.object({
  tsMs: timeMs,
  instrument: text,
  side: v.picklist(["buy", "sell"]),
  isTaken: v.boolean(),
  score: figure,
  confidence: figure,
  reasons: v.array(text),
  rejections: v.array(text),
});

export const strategySchema = v.object({
  id: text,
  state: text,
  why: text,
  tradingState: v.picklist(tradingStates),
  status: described(text, "The strategy's own words."),
  equityUsd: described(figure, "Of the accounts that it may trade on, whoever else does."),
  todayUsd: figure,
  totalUsd: figure,
  todayPercent: described(figure, "Of equity before the profit or loss."),
  totalPercent: figure,
  feesUsd: figure,
  trades: tradeStatisticsSchema,
  positions: v.array(v.object({
    venue: text,
    symbol: text,
    side: v.picklist(["buy", "sell"]),
    sizeBase: described(figure, "Without a sign."),
    entryPrice: figure,
    markPrice: figure,
    pnlUsd: described(figure, "Since it was last flat, after fees and funding."),
    roePercent: described(figure, "pnlUsd ÷ margin × 100, with margin = entry value ÷ leverage."),
    leverage: figure,
    heldMs: figure,
    liquidationPrice: figure,
  })),
  lines: described(v.array(v.object({ name: text, value: text })), "The strategy's own."),
  readings: v.array(
    v.object({ instrument: text, readings: v.array(v.object({ name: text, value: figure })) }),
  ),
  signals: described(v.array(panelSignalSchema), "Judged, taken or not; newest first."),
});

export const orderSchema = v.object({
  clientOrderId: text,
  venueOrderId: v.nullable(text),
  plugin: text,
  ref: text,
  instrument: text,
  side: v.picklist(["buy", "sell"]),
  type: v.picklist(["limit", "market"]),
  price: described(figure, "Limit, or the worst price of a market order."),
  sizeBase: figure,
  filledBase: figure,
  sizeLots: count,
  filledLots: count,
  averageFillPrice: figure,
  reduceOnly: v.boolean(),
  status: text,
  reason: v.nullable(text),
  tsCreatedMs: timeMs,
  tsUpdatedMs: timeMs,
});
export const ordersSchema = v.object({
  working: described(v.array(orderSchema), "Oldest first."),
  recent: described(v.array(orderSchema), "Done, newest first; the last 200 of this run."),
});

export const fillSchema = v.object({
  id: text,
  tsMs: timeMs,
  plugin: v.nullable(text),
  instrument: text,
  side: text,
  price: figure,
  sizeBase: figure,
  sizeLots: count,
  liquidity: text,
  fee: decimal,
  feeAsset: text,
  clientOrderId: v.nullable(text),
});

export const positionSchema = v.object({
  plugin: text,
  instrument: text,
  positionLots: count,
  sizeBase: figure,
  averageEntryPrice: figure,
  markPrice: figure,
  stop: described(
    v.picklist(["none", "host", "venue"]),
    "Who closes it when it goes wrong: nobody, the host alone, or the venue too if the host were gone.",
  ),
  venueStopPrice: described(figure, "Where the venue's stop stands, behind the host's own."),
  unrealizedUsd: figure,
  realized: decimal,
  fees: decimal,
  funding: described(v.string(), "Exact decimal text; positive is paid."),
});

export const pnlSchema = v.object({
  scope: text,
  realizedUsd: figure,
  unrealizedUsd: figure,
  feesUsd: figure,
  fundingUsd: figure,
  totalUsd: figure,
  todayUsd: figure,
  peakUsd: figure,
  drawdownUsd: figure,
});

const limit = v.nullable(v.number());
export const limitsSchema = v.object({
  maxOrderNotionalUsd: limit,
  maxPositionNotionalUsd: limit,
  maxNetExposureUsd: limit,
  maxGrossExposureUsd: limit,
  maxLeverage: limit,
  maxOpenPositions: limit,
  maxOpenOrders: limit,
  maxOrdersPerSecond: limit,
  maxCancelToFillRatio: limit,
  maxDailyLossUsd: limit,
  maxDrawdownUsd: limit,
  maxConsecutiveLosses: limit,
});
export const marketLimitsSchema = v.object(v.entriesFromList(marketLimitNames, v.number()));
export const scopeStateSchema = v.object({
  scope: text,
  state: v.picklist(tradingStates),
  reason: text,
  limits: limitsSchema,
  grossExposureUsd: figure,
  netExposureUsd: figure,
  openOrders: count,
  todayUsd: figure,
  drawdownUsd: figure,
  consecutiveLosses: count,
  cancels: count,
  fills: count,
});
export const riskSchema = v.object({
  scopes: described(v.array(scopeStateSchema), "Global first, then accounts, then plugins."),
  market: described(marketLimitsSchema, "Prices, data and margin; the same for everybody."),
  refusals: described(
    v.record(text, count),
    "How often each code was given; docs/refusals.md explains them.",
  ),
});

export const killReportSchema = v.object({
  by: text,
  isFlattening: v.boolean(),
  startedUs: count,
  endedUs: count,
  isClean: described(
    v.boolean(),
    "Every venue was asked afterwards, no order is open and, when flattening, no position is held.",
  ),
  unresolvedOrders: v.array(v.object({ clientOrderId: text, instrument: text, status: text })),
  venues: v.array(v.object({
    venue: text,
    isVerified: v.boolean(),
    why: text,
    residentStops: described(
      count,
      "Stops kept at the venue for positions that stay; none of the open orders.",
    ),
    openOrders: v.array(v.object({
      instrument: text,
      venueOrderId: text,
      clientOrderId: v.exactOptional(text),
      side: text,
      sizeLots: count,
      filledLots: count,
    })),
    positions: v.array(v.object({ instrument: text, positionLots: count })),
  })),
});
export const killStatusSchema = v.object({
  isWatching: v.boolean(),
  last: v.nullable(killReportSchema),
});

export const recordSchema = v.object({
  sequence: count,
  id: text,
  causeId: v.nullable(text),
  kind: text,
  tsUs: count,
  runId: v.nullable(text),
  plugin: v.nullable(text),
  venue: v.nullable(text),
  instrument: v.nullable(text),
  clientOrderId: v.nullable(text),
  body: v.unknown(),
});
export const runSchema = v.object({
  runId: text,
  environment: text,
  seed: v.nullable(count),
  version: text,
  tsStartMs: timeMs,
  tsStopMs: v.nullable(count),
  isCleanStop: v.boolean(),
});
export const kindCountSchema = v.object({ kind: text, count, firstUs: count, lastUs: count });
export const explanationSchema = v.object({
  lines: v.array(text),
  steps: v.unknown(),
  chain: described(
    v.array(v.object({
      role: v.picklist(["cause", "subject", "effect"]),
      id: text,
      kind: described(v.nullable(text), "Of its record; null where only its id is known, as with quotes."),
      words: text,
      tsUs: v.nullable(count),
    })),
    "Causes, what was asked about, and what came of it, oldest first.",
  ),
});

export const noticeSchema = v.object({
  tsMs: timeMs,
  severity: v.picklist(["info", "warning", "critical"]),
  text,
});
export const replayStandSchema = v.object({
  isPaused: v.boolean(),
  atMs: v.pipe(v.number(), v.description("The recording's time.")),
  share: v.pipe(v.number(), v.description("Of the recording that has been played, 0 to 1.")),
});
/** Of a change that has nothing else to say. */
export const doneSchema = v.object({ done: v.literal(true) });

export const list = <S extends v.GenericSchema>(schema: S) => v.object({ items: v.array(schema) });

export type Quote = v.InferOutput<typeof quoteSchema>;
export type Venue = v.InferOutput<typeof venueSchema>;
export type OrderResource = v.InferOutput<typeof orderSchema>;
export type RiskResource = v.InferOutput<typeof riskSchema>;
