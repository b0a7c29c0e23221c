/** Makes the snapshot. Copies everything: what it returns does not change any more. */
import type { Instrument } from "../model/instrument.ts";
import type { PluginPosition } from "../model/journal_entry.ts";
import { formatMoney, moneyToNumber } from "../model/money.ts";
import { scopeName } from "../model/risk_limits.ts";
import { incrementValue } from "../model/ticks.ts";
import type { Flattening } from "./flattening.ts";
import type { HostHeld } from "./host_held.ts";
import type { OrderDesk } from "./order_desk.ts";
import { mayTradeOn, type PluginRecord } from "./plugin_record.ts";
import { equityUsd, exposureNow, type Rooms } from "./rooms.ts";
import type {
  EngineSnapshot,
  ExitSnapshot,
  PluginSnapshot,
  PositionSnapshot,
  PositionStop,
  QuoteSnapshot,
  ScopeSnapshot,
  VenueSnapshot,
} from "./snapshot.ts";
import type { VenueAccount } from "./venue_account.ts";

export interface SnapshotSources {
  readonly rooms: Rooms;
  readonly orderDesk: OrderDesk;
  readonly flattening: Flattening;
  readonly held: HostHeld;
  readonly isShuttingDown: boolean;
  readonly kill: EngineSnapshot["kill"];
  readonly tsUs: number;
}

export function buildSnapshot(sources: SnapshotSources): EngineSnapshot {
  const { rooms, orderDesk, tsUs, isShuttingDown } = sources;
  const exits = exitSnapshots(sources.held);
  return {
    tsUs,
    isShuttingDown,
    kill: { isWatching: sources.kill.isWatching, last: sources.kill.last },
    venues: [...rooms.accounts.values()].map((account) => venueSnapshot(rooms, account)),
    plugins: pluginSnapshots(sources),
    quotes: rooms.instruments.all().map((instrument, index) => quoteSnapshot(rooms, instrument, index, tsUs)),
    workingOrders: rooms.orders.working(),
    recentOrders: [...orderDesk.recent],
    positions: positionSnapshots(rooms, exits),
    scopes: scopeSnapshots(rooms, tsUs),
    market: rooms.market.now,
    otherFees: Object.fromEntries(
      [...rooms.portfolio.otherFees()].map(([asset, fee]) => [asset, formatMoney(fee)]),
    ),
    unassignedFundingUsd: moneyToNumber(rooms.portfolio.unassignedFunding),
    ordersDone: orderDesk.done,
    requests: orderDesk.statistics.all(),
    refusals: orderDesk.refusals,
    notices: rooms.outbox.noticeCounts(),
    orderCounter: rooms.ids.counter,
    groups: sources.held.groups.snapshots(),
    groupTotals: sources.held.groups.totals(),
    exits,
  };
}

const exitSnapshots = ({ exits, residentStops }: HostHeld): readonly ExitSnapshot[] =>
  exits.live().map((plan) => {
    const { plugin, instrument, phase, direction, bestPrice, terms } = plan;
    const residentStop = residentStops.state(plan);
    return { plugin, instrument, phase: phase.kind, direction, bestPrice, terms, residentStop };
  });

function venueSnapshot(rooms: Rooms, account: VenueAccount): VenueSnapshot {
  const { portfolio, requests, instruments } = rooms;
  const foreignPositions = instruments.all().flatMap(({ id, venue }, index) => {
    const positionLots = venue === account.venue ? portfolio.foreignLots(index) : 0;
    return positionLots === 0 ? [] : [{ instrument: id, positionLots }];
  });
  return {
    venue: account.venue,
    isStarted: account.isStarted,
    hasTrading: account.hasTrading,
    isReconciled: account.reconciliation.isReconciled,
    health: account.health,
    channels: account.channels,
    balances: account.balances,
    venuePositions: [...account.positions.values()],
    foreignPositions,
    foreignOrders: account.foreignOrders,
    otherHosts: account.otherHosts.all,
    reconciliations: { rounds: account.reconciliation.rounds, ...Object.fromEntries(account.repairs) },
    rateBudget: { tokens: account.rate.tokens(rooms.time.monotonicUs), burst: account.rate.burst },
    pendingRequests: requests.count(account.venue),
  };
}

function pluginSnapshots({ rooms, flattening, tsUs }: SnapshotSources): readonly PluginSnapshot[] {
  return [...rooms.plugins.values()].map((record) => {
    const { plugin, isRunning, orders, refusals, trades } = record;
    return {
      plugin,
      isRunning,
      isFlattening: flattening.isFlattening(plugin),
      orders,
      refusals,
      trades: trades.statistics(tsUs / 1000),
      equityUsd: pluginEquityUsd(rooms, record, tsUs),
    };
  });
}

/** Of the accounts whose balance is known; NaN of none. */
function pluginEquityUsd(rooms: Rooms, record: PluginRecord, tsUs: number): number {
  const known = [...rooms.accounts.values()].filter(({ venue }) => mayTradeOn(record, venue))
    .map(({ venue }) => equityUsd(rooms, { kind: "account", venue }, tsUs))
    .filter(Number.isFinite);
  return known.length === 0 ? NaN : known.reduce((sum, one) => sum + one, 0);
}

function quoteSnapshot(
  { quotes }: Rooms,
  instrument: Instrument,
  index: number,
  tsUs: number,
): QuoteSnapshot {
  return {
    instrument: instrument.id,
    bidPrice: quotes.bidPrice(index),
    bidSizeBase: quotes.bidSizeBase(index),
    askPrice: quotes.askPrice(index),
    askSizeBase: quotes.askSizeBase(index),
    ageMs: quotes.quoteAgeMs(index, tsUs),
    updates: quotes.updates(index),
    updatesPerSecond: quotes.updatesPerSecond(index, tsUs),
    latencyAverageMs: quotes.latencyAverageMs(index),
    latency: quotes.latencyHistogram(index),
    gaps: quotes.gaps(index),
    isCrossed: quotes.isCrossed(index),
    markPrice: quotes.markPrice(index),
    indexPrice: quotes.indexPrice(index),
    fundingRate: quotes.fundingRate(index),
    tsNextFundingMs: quotes.tsNextFundingMs(index),
    lastTradePrice: quotes.tradePrice(index),
    trades: quotes.trades(index),
  };
}

function stopOf(
  { plugin, instrument, positionLots }: PluginPosition,
  exits: readonly ExitSnapshot[],
): PositionStop {
  const exit = exits.find((one) => one.plugin === plugin && one.instrument === instrument);
  if (exit === undefined || positionLots === 0) return { kind: "none" };
  const { residentStop } = exit;
  if (residentStop.kind === "standing") return { kind: "venue", triggerPrice: residentStop.triggerPrice };
  return residentStop.why === "no_stop"
    ? { kind: "none" }
    : { kind: "host", whyNotAtVenue: residentStop.why };
}

function positionSnapshots(
  { portfolio, instruments, accounts }: Rooms,
  exits: readonly ExitSnapshot[],
): readonly PositionSnapshot[] {
  return portfolio.positions().flatMap((position) => {
    const index = instruments.indexOf(position.instrument);
    const instrument = index === undefined ? undefined : instruments.get(index);
    if (index === undefined || instrument === undefined) return [];
    const [tick, lot] = [incrementValue(instrument.tick), incrementValue(instrument.lot)];
    const lots = position.positionLots;
    const markTicks = instruments.lastTicks(index);
    const costTicksLots = Number(position.costTicksLots);
    const atVenue = accounts.get(instrument.venue)?.positions.get(position.instrument);
    return [{
      ...position,
      sizeBase: lots * lot,
      averageEntryPrice: lots === 0 ? undefined : (costTicksLots / lots) * tick,
      stop: stopOf(position, exits),
      markPrice: markTicks * tick,
      unrealizedUsd: lots === 0 ? 0 : (lots * markTicks - costTicksLots) * portfolio.tickLotUsd(index),
      openTrade: portfolio.openTrade(position.plugin, index),
      venueLeverage: atVenue?.leverage,
      liquidationPrice: atVenue?.liquidationPrice,
    }];
  });
}

function scopeSnapshots(rooms: Rooms, tsUs: number): readonly ScopeSnapshot[] {
  const { states, portfolio, instruments } = rooms;
  const markTicks = (index: number) => instruments.lastTicks(index);
  return states.all().toSorted((a, b) => order(a.name) - order(b.name)).map((view) => {
    const exposure = exposureNow(rooms, view.scope, tsUs);
    const pnl = portfolio.pnl(view.scope, markTicks);
    return {
      scope: view.scope,
      state: view.state,
      reason: view.reason,
      limits: view.limits,
      pnl: { ...pnl, todayUsd: pnl.totalUsd - view.dayStartPnlUsd },
      peakPnlUsd: view.peakPnlUsd,
      drawdownUsd: Math.max(view.peakPnlUsd - pnl.totalUsd, 0), // a new peak is taken with the next tick
      consecutiveLosses: view.consecutiveLosses,
      grossExposureUsd: exposure.grossUsd,
      netExposureUsd: exposure.netUsd,
      openOrders: portfolio.openOrders(view.scope),
      cancels: view.cancels,
      fills: view.fills,
    };
  });
}

/** Global first, then accounts, then plugins; each in the order of coming. */
const order = (name: string): number =>
  name === scopeName({ kind: "global" }) ? 0 : name.startsWith("account/") ? 1 : 2;
