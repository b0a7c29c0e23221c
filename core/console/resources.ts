/** From the host's picture to what is answered. Reads only; money stays exact where the schema says so. */
import * as v from "valibot";
import type { EngineSnapshot } from "../engine/snapshot.ts";
import type { KillReport } from "../model/kill_report.ts";
import type { Instrument } from "../model/instrument.ts";
import { formatMoney, type Money, money } from "../model/money.ts";
import type { Order } from "../model/order.ts";
import { scopeName } from "../model/risk_limits.ts";
import { formatIncrements, incrementsToNumber, incrementValue } from "../model/ticks.ts";
import type { ExplainedStep, Explanation } from "../journal/explain.ts";
import type { StoredRecord } from "../journal/schema.ts";
import type { HostPicture } from "./ports.ts";
import type * as s from "./schemas.ts";

type Out<S extends v.GenericSchema> = v.InferOutput<S>;

/** As JSON has it: there is no NaN and no Infinity, and nothing but figures. */
export function figure(value: number | undefined): number | null {
  if (value === undefined || !Number.isFinite(value)) return null;
  // Twelve figures are more than a price or a size has, and drop what binary fractions add: 0.21489999999999998.
  const isFraction = !Number.isInteger(value) && Math.abs(value) < 1e9; // beyond it are moments
  return isFraction ? Number(value.toPrecision(12)) : value;
}
const moneyText = (value: Money): string => formatMoney(value);

export function readiness({ run, engine, plugins }: HostPicture): Out<typeof s.readinessSchema> {
  const reasons = engine.venues.flatMap(({ venue, isStarted, hasTrading, isReconciled, health }) => {
    if (!isStarted) return [`${venue}: its adapter is not running`];
    if (health?.marketData !== "connected") {
      return [`${venue}: market data is ${health?.marketData ?? "not there yet"}`];
    }
    if (!hasTrading) return [];
    if (!isReconciled) return [`${venue}: the account is not reconciled`];
    const { privateStream } = health;
    return privateStream === undefined || privateStream === "connected"
      ? []
      : [`${venue}: the private stream is ${privateStream}`];
  });
  if (engine.venues.length === 0) reasons.push("no venue is known yet");
  if (run.isStopping) reasons.push("the host is stopping");
  for (const { id, state } of plugins) if (state === "quarantined") reasons.push(`${id}: quarantined`);
  const global = engine.scopes.find(({ scope }) => scope.kind === "global");
  if (global?.state === "halted") reasons.push(`trading is halted: ${global.reason}`);
  return { isReady: reasons.length === 0, reasons };
}

export function status({ run, engine, counts, alerts }: HostPicture): Out<typeof s.statusSchema> {
  const global = engine.scopes.find(({ scope }) => scope.kind === "global");
  return {
    runId: run.runId,
    version: run.version,
    environment: run.environment,
    seed: run.seed,
    tsStartMs: run.startedMs,
    uptimeMs: run.uptimeMs,
    isStopping: run.isStopping,
    tradingState: global?.state ?? "halted",
    tradingReason: global?.reason ?? "not known",
    isKilling: engine.kill.isWatching,
    alerts: alerts.watch.state,
    counts: { ...counts, workingOrders: engine.workingOrders.length },
    hostRssMb: run.hostRssMb,
    loopDelayMs: figure(run.loopDelayMs),
    tsMs: Math.round(engine.tsUs / 1000),
  };
}

export const venues = ({ engine }: HostPicture): Out<typeof s.venueSchema>[] =>
  engine.venues.map((venue) => ({
    venue: venue.venue,
    isStarted: venue.isStarted,
    hasTrading: venue.hasTrading,
    isReconciled: venue.isReconciled,
    health: venue.health === undefined ? null : {
      marketData: venue.health.marketData,
      privateStream: venue.health.privateStream ?? null,
      heartbeatAgeMs: figure(venue.health.heartbeatAgeMs),
      updatesPerSecond: figure(venue.health.updatesPerSecond),
      latencyAverageMs: figure(venue.health.latencyAverageMs),
      latencyP99Ms: figure(venue.health.latencyP99Ms),
      gaps: venue.health.gaps,
      reconnects: venue.health.reconnects,
      deadMansSwitch: venue.health.deadMansSwitch ?? null,
    },
    channels: venue.channels.map((one) => ({
      instrument: one.instrument ?? null,
      channel: one.channel,
      updates: one.updates,
      updatesPerSecond: figure(one.updatesPerSecond),
      heartbeatAgeMs: figure(one.heartbeatAgeMs),
      latencyAverageMs: figure(one.latencyAverageMs),
      latencyP50Ms: figure(one.latencyP50Ms),
      latencyP99Ms: figure(one.latencyP99Ms),
      latencyMaxMs: figure(one.latencyMaxMs),
      gaps: one.gaps,
    })),
    balances: venue.balances.map(({ asset, total, available }) => ({
      asset,
      total: moneyText(total),
      available: moneyText(available),
    })),
    positions: venue.venuePositions.map(({ instrument, positionLots, entryPrice, liquidationPrice }) => ({
      instrument,
      positionLots,
      entryPrice: figure(entryPrice),
      liquidationPrice: figure(liquidationPrice),
    })),
    foreignPositions: venue.foreignPositions.map(({ instrument, positionLots }) => ({
      instrument,
      positionLots,
    })),
    foreignOrders: venue.foreignOrders.length,
    otherHosts: venue.otherHosts.map((sign) => ({ ...sign })),
    reconciliations: { ...venue.reconciliations },
    requestTokens: { left: venue.rateBudget.tokens, burst: venue.rateBudget.burst },
    pendingRequests: venue.pendingRequests,
  }));

export const instruments = (picture: HostPicture): Out<typeof s.instrumentSchema>[] =>
  picture.instruments.map((one) => ({
    id: one.id,
    venue: one.venue,
    symbol: one.symbol,
    venueSymbol: one.venueSymbol,
    kind: one.kind,
    settlement: one.settlement,
    settlementAsset: one.settlementAsset,
    tick: formatIncrements(1, one.tick),
    lot: formatIncrements(1, one.lot),
    minSize: formatIncrements(one.minSizeLots, one.lot),
    minNotional: one.minNotional,
    makerFeeBps: one.makerFeeBps,
    takerFeeBps: one.takerFeeBps,
    maxLeverage: one.maxLeverage,
    status: one.status,
  }));

export const quotes = ({ engine }: HostPicture): Out<typeof s.quoteSchema>[] =>
  engine.quotes.filter(({ updates }) => updates > 0).map((quote) => ({
    instrument: quote.instrument,
    bidPrice: figure(quote.bidPrice),
    bidSizeBase: figure(quote.bidSizeBase),
    askPrice: figure(quote.askPrice),
    askSizeBase: figure(quote.askSizeBase),
    ageMs: figure(quote.ageMs),
    updates: quote.updates,
    updatesPerSecond: figure(quote.updatesPerSecond),
    latencyAverageMs: figure(quote.latencyAverageMs),
    gaps: quote.gaps,
    isCrossed: quote.isCrossed,
    markPrice: figure(quote.markPrice),
    indexPrice: figure(quote.indexPrice),
    fundingRate: figure(quote.fundingRate),
    lastTradePrice: figure(quote.lastTradePrice),
    trades: quote.trades,
  }));

export const opportunities = ({ opportunities: found }: HostPicture): Out<typeof s.opportunitiesSchema> => ({
  seen: found.seen,
  taken: found.taken,
  latest: found.latest.map((one) => ({ ...one, edgeBps: figure(one.edgeBps) })),
});

export const plugins = ({ plugins: all, engine }: HostPicture): Out<typeof s.pluginSchema>[] =>
  all.map((plugin) => {
    const { id, kind, version, fingerprint, state, why, update, restarts, asks, may, usage } = plugin;
    const counted = engine.plugins.find(({ plugin }) => plugin === id);
    return {
      id,
      kind,
      version: version ?? null,
      fingerprint: fingerprint ?? null,
      state,
      why,
      update: update === undefined ? null : { kind: update.kind, why: update.why },
      restarts,
      asks: [...asks],
      may: [...may],
      description: plugin.description,
      orders: counted?.orders ?? 0,
      refusals: counted?.refusals ?? 0,
      usage: usage === undefined ? null : {
        cpuPercent: figure(usage.cpuShare * 100),
        rssMb: figure(usage.rssBytes / (1 << 20)),
        heapMb: figure(usage.heapUsedBytes / (1 << 20)),
        loopDelayMs: figure(usage.loopDelayMs),
        heartbeatAgeMs: figure(usage.heartbeatAgeMs),
      },
    };
  });

/** Figures as JSON has them, field by field. */
function figures<Fields extends Readonly<Record<string, number | undefined>>>(
  fields: Fields,
): { readonly [Name in keyof Fields]: number | null };
function figures(fields: Readonly<Record<string, number | undefined>>): Record<string, number | null> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, figure(value)]));
}

export const strategies = ({ strategies: all }: HostPicture): Out<typeof s.strategySchema>[] =>
  all.map((one) => {
    const { trades: { trades, wins, losses, consecutiveLosses, ...tradeFigures } } = one;
    const { equityUsd, todayUsd, totalUsd, todayPercent, totalPercent, feesUsd } = one;
    return {
      id: one.id,
      state: one.state,
      why: one.why,
      tradingState: one.tradingState,
      status: one.status,
      ...figures({ equityUsd, todayUsd, totalUsd, todayPercent, totalPercent, feesUsd }),
      trades: { trades, wins, losses, consecutiveLosses, ...figures(tradeFigures) },
      positions: one.positions.map((position) => {
        const { venue, symbol, side, priceDecimals: _price, sizeDecimals: _size, ...rest } = position;
        return { venue, symbol, side, ...figures(rest) };
      }),
      lines: one.lines.map((line) => ({ ...line })),
      readings: one.readings.map(({ instrument, readings }) => ({
        instrument,
        readings: readings.map(({ name, value }) => ({ name, value: figure(value) })),
      })),
      signals: one.signals.map(({ score, confidence, reasons, rejections, ...signal }) => ({
        ...signal,
        ...figures({ score, confidence }),
        reasons: [...reasons],
        rejections: [...rejections],
      })),
    };
  });

function orderOf(order: Order, byId: ReadonlyMap<string, Instrument>): Out<typeof s.orderSchema> {
  const instrument = byId.get(order.instrument);
  const size = (lots: number): number | null =>
    instrument === undefined ? null : incrementsToNumber(lots, instrument.lot);
  const { pricing } = order;
  const ticks = pricing.kind === "limit" ? pricing.limitPriceTicks : pricing.worstPriceTicks;
  const tick = instrument === undefined ? NaN : incrementValue(instrument.tick);
  return {
    clientOrderId: order.clientOrderId,
    venueOrderId: order.venueOrderId ?? null,
    plugin: order.plugin,
    ref: order.ref,
    instrument: order.instrument,
    side: order.side,
    type: pricing.kind,
    price: ticks === undefined || instrument === undefined
      ? null
      : incrementsToNumber(ticks, instrument.tick),
    sizeBase: size(order.sizeLots),
    filledBase: size(order.filledLots),
    sizeLots: order.sizeLots,
    filledLots: order.filledLots,
    averageFillPrice: order.filledLots === 0
      ? null
      : figure((Number(order.filledTicksLots) / order.filledLots) * tick),
    reduceOnly: order.reduceOnly,
    status: order.status,
    reason: order.reason ?? null,
    tsCreatedMs: order.tsCreatedUs / 1000,
    tsUpdatedMs: order.tsUpdatedUs / 1000,
  };
}

export const byIdOf = (picture: HostPicture): ReadonlyMap<string, Instrument> =>
  new Map(picture.instruments.map((one) => [one.id, one]));

export function orders(picture: HostPicture): Out<typeof s.ordersSchema> {
  const byId = byIdOf(picture);
  return {
    working: picture.engine.workingOrders.map((order) => orderOf(order, byId)),
    recent: picture.engine.recentOrders.toReversed().map((order) => orderOf(order, byId)),
  };
}

export const positions = ({ engine }: HostPicture): Out<typeof s.positionSchema>[] =>
  engine.positions.map((position) => ({
    plugin: position.plugin,
    instrument: position.instrument,
    positionLots: position.positionLots,
    sizeBase: figure(position.sizeBase),
    averageEntryPrice: figure(position.averageEntryPrice),
    markPrice: figure(position.markPrice),
    stop: position.stop.kind,
    venueStopPrice: figure(position.stop.kind === "venue" ? position.stop.triggerPrice : undefined),
    unrealizedUsd: figure(position.unrealizedUsd),
    realized: moneyText(position.realizedPnl),
    fees: moneyText(position.feesPaid),
    funding: moneyText(position.fundingPaid),
  }));

export const pnl = ({ engine }: HostPicture): Out<typeof s.pnlSchema>[] =>
  engine.scopes.map(({ scope, pnl: figures, peakPnlUsd, drawdownUsd }) => ({
    scope: scopeName(scope),
    realizedUsd: figure(figures.realizedUsd),
    unrealizedUsd: figure(figures.unrealizedUsd),
    feesUsd: figure(figures.feesUsd),
    fundingUsd: figure(figures.fundingUsd),
    totalUsd: figure(figures.totalUsd),
    todayUsd: figure(figures.todayUsd),
    peakUsd: figure(peakPnlUsd),
    drawdownUsd: figure(drawdownUsd),
  }));

export const risk = ({ engine }: HostPicture): Out<typeof s.riskSchema> => ({
  scopes: engine.scopes.map((one) => ({
    scope: scopeName(one.scope),
    state: one.state,
    reason: one.reason,
    limits: limitsOf(one.limits),
    grossExposureUsd: figure(one.grossExposureUsd),
    netExposureUsd: figure(one.netExposureUsd),
    openOrders: one.openOrders,
    todayUsd: figure(one.pnl.todayUsd),
    drawdownUsd: figure(one.drawdownUsd),
    consecutiveLosses: one.consecutiveLosses,
    cancels: one.cancels,
    fills: one.fills,
  })),
  market: { ...engine.market },
  refusals: { ...engine.refusals },
});

const limitsOf = (limits: EngineSnapshot["scopes"][number]["limits"]): Out<typeof s.limitsSchema> => ({
  ...limits,
});

export const kill = ({ engine }: HostPicture): Out<typeof s.killStatusSchema> => ({
  isWatching: engine.kill.isWatching,
  last: engine.kill.last === undefined ? null : killReport(engine.kill.last),
});

export const killReport = (report: KillReport): Out<typeof s.killReportSchema> => ({
  ...report,
  unresolvedOrders: report.unresolvedOrders.map((order) => ({ ...order })),
  venues: report.venues.map((venue) => ({
    ...venue,
    openOrders: venue.openOrders.map(({ clientOrderId, ...order }) => ({
      ...order,
      ...(clientOrderId === undefined ? {} : { clientOrderId }),
    })),
    positions: venue.positions.map((position) => ({ ...position })),
  })),
});

/** Causes and effects as one list; who reads it need not know of records. */
export const explainedChain = (
  { steps, effects }: Explanation,
): Out<typeof s.explanationSchema>["chain"] => [
  ...steps.map((step, index) => chained(step, index === steps.length - 1 ? "subject" : "cause")),
  ...effects.map((step) => chained(step, "effect")),
];

const chained = (
  step: ExplainedStep,
  role: "cause" | "subject" | "effect",
): Out<typeof s.explanationSchema>["chain"][number] =>
  step.kind === "unrecorded"
    ? { role, id: step.id, kind: null, words: "not kept", tsUs: null }
    : { role, id: step.record.id, kind: step.record.kind, words: step.words, tsUs: step.record.tsUs };

/** What a `fill` record holds, as the journal gives it back: integers beyond 2^53 are decimal text. */
const fillBody = v.object({
  plugin: v.optional(v.string()),
  fill: v.object({
    instrument: v.string(),
    side: v.string(),
    priceTicks: v.number(),
    sizeLots: v.number(),
    liquidity: v.string(),
    fee: v.pipe(v.string(), v.regex(/^-?\d{1,60}$/)),
    feeAsset: v.string(),
    clientOrderId: v.optional(v.nullable(v.string())),
    tsVenueMs: v.number(),
  }),
});

/** A fill as it was written down; undefined when the record can't be read as one. */
export function fillOf(
  record: StoredRecord,
  byId: ReadonlyMap<string, Instrument>,
): Out<typeof s.fillSchema> | undefined {
  const parsed = v.safeParse(fillBody, record.body);
  if (!parsed.success) return undefined;
  const { plugin, fill } = parsed.output;
  const instrument = byId.get(fill.instrument);
  return {
    id: record.id,
    tsMs: fill.tsVenueMs,
    plugin: plugin ?? null,
    instrument: fill.instrument,
    side: fill.side,
    price: instrument === undefined ? null : incrementsToNumber(fill.priceTicks, instrument.tick),
    sizeBase: instrument === undefined ? null : incrementsToNumber(fill.sizeLots, instrument.lot),
    sizeLots: fill.sizeLots,
    liquidity: fill.liquidity,
    fee: formatMoney(money(BigInt(fill.fee))),
    feeAsset: fill.feeAsset,
    clientOrderId: fill.clientOrderId ?? null,
  };
}

export const recordOf = (record: StoredRecord): Out<typeof s.recordSchema> => ({
  sequence: record.sequence,
  id: record.id,
  causeId: record.causeId ?? null,
  kind: record.kind,
  tsUs: record.tsUs,
  runId: record.runId ?? null,
  plugin: record.plugin ?? null,
  venue: record.venue ?? null,
  instrument: record.instrument ?? null,
  clientOrderId: record.clientOrderId ?? null,
  body: record.body,
});
