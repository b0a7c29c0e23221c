/** Puts together what the risk gate looks at for one intent. */
import { venueOf } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import { isFinalStatus, type OrderIntent } from "../model/order.ts";
import type { RiskScope } from "../model/risk_limits.ts";
import { type ExposureCell, exposureOf } from "../portfolio/exposure.ts";
import type {
  AccountFacts,
  ExposureFacts,
  MarketFacts,
  OrderFacts,
  ReducibleFacts,
  ScopeFacts,
} from "../risk/order_facts.ts";
import type { InstrumentIndex } from "./events.ts";
import type { PluginRecord } from "./plugin_record.ts";
import { equityUsd, type Rooms, valuationAt } from "./rooms.ts";
import type { VenueAccount } from "./venue_account.ts";

export interface IntentContext {
  readonly intent: OrderIntent;
  readonly origin: "plugin" | "host";
  readonly index: InstrumentIndex;
  readonly instrument: Instrument;
  readonly plugin: PluginRecord;
  readonly account: VenueAccount;
  readonly isShuttingDown: boolean;
  readonly nowUs: number;
  /** Orders that would be sent just before this one: a rehearsal counts them as open. */
  readonly besides?: readonly OrderIntent[];
  /** Signed lots that would be held when this one is sent, of the plugin and beyond what the account holds now. */
  readonly assumedLots?: number;
}

export function orderFacts(rooms: Rooms, context: IntentContext): OrderFacts {
  const { intent, origin, index, instrument, plugin, account, nowUs, isShuttingDown } = context;
  const named = rooms.orders.byRef(intent.plugin, intent.ref);
  return {
    intent,
    origin,
    nowUs,
    instrument,
    isShuttingDown,
    isPluginRunning: plugin.isRunning,
    isRefInUse: named !== undefined && !isFinalStatus(named.status),
    grantedOrders: plugin.grant.orders,
    isInstrumentGranted: plugin.covers(index, instrument),
    isGroupResuming: rooms.groups.isResuming(intent.plugin) && !rooms.groups.owns(intent.ref),
    market: marketFacts(rooms, index, nowUs),
    account: accountFacts(rooms, account, nowUs, context.besides ?? []),
    reducible: reducibleFacts(rooms, intent, index, context.assumedLots),
    marketLimits: rooms.settings.risk.market,
    maxOrderSizeBase: rooms.settings.risk.maxOrderSizeBase[instrument.symbol] ?? null,
    usdAssets: rooms.settings.risk.usdAssets,
    scopes: scopesOf(intent, instrument).map((scope) =>
      scopeFacts(rooms, scope, nowUs, besidesIn(context, scope))
    ),
    exposureWith: (scope, worstPriceTicks) => exposureWith(rooms, context, scope, worstPriceTicks),
  };
}

/** Whose limits an order is under. */
export const scopesOf = (
  intent: Pick<OrderIntent, "plugin">,
  instrument: Instrument,
): readonly RiskScope[] => [
  { kind: "plugin", plugin: intent.plugin },
  { kind: "account", venue: instrument.venue },
  { kind: "global" },
];

function marketFacts({ quotes }: Rooms, index: InstrumentIndex, nowUs: number): MarketFacts {
  return {
    bidPrice: quotes.bidPrice(index),
    askPrice: quotes.askPrice(index),
    quoteAgeMs: quotes.quoteAgeMs(index, nowUs),
    isCrossed: quotes.isCrossed(index),
    markPrice: quotes.markPrice(index),
    markAgeMs: quotes.markAgeMs(index, nowUs),
    leastLatencyMs: quotes.leastLatencyMs(index),
    lastTradePrice: quotes.tradePrice(index),
  };
}

/** Of the orders that would be sent before, those that count in a scope. */
const besidesIn = ({ besides = [] }: IntentContext, scope: RiskScope): readonly OrderIntent[] =>
  scope.kind === "account"
    ? besides.filter(({ instrument }) => venueOf(instrument) === scope.venue)
    : besides;

function accountFacts(
  rooms: Rooms,
  account: VenueAccount,
  nowUs: number,
  besides: readonly OrderIntent[],
): AccountFacts {
  const { totalUsd, availableUsd } = account.usdTotals;
  const { rate } = account;
  const { reservedShare } = rooms.settings.rateBudgets[account.venue] ?? rooms.settings.defaultRateBudget;
  return {
    isConnected: account.isStarted,
    hasTrading: account.hasTrading,
    isReconciled: account.reconciliation.isReconciled,
    privateStream: account.privateStream,
    equityUsd: equityUsd(rooms, { kind: "account", venue: account.venue }, nowUs),
    availableUsd: availableUsd - marginSinceBalance(rooms, account, nowUs, besides),
    totalUsd,
    requestTokens: rate.tokens(nowUs),
    reservedTokens: rate.burst * reservedShare,
  };
}

/** Initial margin that orders sent after the account's last balance will take: the venue has not reckoned with them yet. */
function marginSinceBalance(
  rooms: Rooms,
  account: VenueAccount,
  nowUs: number,
  besides: readonly OrderIntent[],
): number {
  const { lotUsd } = valuationAt(rooms, nowUs);
  const { marginLeverage } = rooms.settings.risk.market;
  let margin = 0;
  const sent = rooms.orders.working().filter(({ tsCreatedUs }) => tsCreatedUs >= account.balancesUs);
  for (const order of [...sent, ...besides]) {
    if (order.reduceOnly) continue;
    const index = rooms.instruments.indexOf(order.instrument);
    const instrument = index === undefined ? undefined : rooms.instruments.get(index);
    if (index === undefined || instrument?.venue !== account.venue) continue;
    const leverage = Math.min(marginLeverage, instrument.maxLeverage);
    margin += (order.sizeLots * lotUsd(index)) / leverage;
  }
  return margin;
}

function reducibleFacts(
  { portfolio }: Rooms,
  intent: OrderIntent,
  index: InstrumentIndex,
  assumedLots: number | undefined,
): ReducibleFacts {
  if (assumedLots !== undefined) {
    const accountLots = portfolio.accountPositionLots(index) + assumedLots;
    return {
      pluginPositionLots: assumedLots,
      pluginReducingLots: 0,
      accountPositionLots: accountLots,
      accountReducingLots: portfolio.reducingLots(undefined, index, intent.side),
      entryTicks: intent.pricing.kind === "limit" ? intent.pricing.limitPriceTicks : NaN,
    };
  }
  return {
    pluginPositionLots: portfolio.positionLots(intent.plugin, index),
    pluginReducingLots: portfolio.reducingLots(intent.plugin, index, intent.side),
    accountPositionLots: portfolio.accountPositionLots(index),
    accountReducingLots: portfolio.reducingLots(undefined, index, intent.side),
    entryTicks: portfolio.entryTicks(intent.plugin, index),
  };
}

function scopeFacts(
  { states, portfolio }: Rooms,
  scope: RiskScope,
  nowUs: number,
  besides: readonly OrderIntent[],
): ScopeFacts {
  const view = states.get(scope);
  if (view === undefined) return unknownScope(scope);
  return {
    scope,
    name: view.name,
    limits: view.limits,
    state: view.state,
    stateReason: view.reason,
    openOrders: portfolio.openOrders(scope) + besides.length,
    ordersLastSecond: states.ordersLastSecond(scope, nowUs) + besides.length,
    cancels: view.cancels,
    fills: view.fills,
    dayPnlUsd: states.dayPnlUsd(view),
    drawdownUsd: states.drawdownUsd(view),
    consecutiveLosses: view.consecutiveLosses,
  };
}

/** A scope that nobody registered has no limits to go by: it is halted. */
const unknownScope = (scope: RiskScope): ScopeFacts => ({
  scope,
  name: scope.kind,
  limits: {
    maxOrderNotionalUsd: NaN,
    maxPositionNotionalUsd: NaN,
    maxNetExposureUsd: NaN,
    maxGrossExposureUsd: NaN,
    maxLeverage: NaN,
    maxOpenPositions: NaN,
    maxOpenOrders: NaN,
    maxOrdersPerSecond: NaN,
    maxCancelToFillRatio: NaN,
    maxDailyLossUsd: NaN,
    maxDrawdownUsd: NaN,
    maxConsecutiveLosses: NaN,
  },
  state: "halted",
  stateReason: "not registered",
  openOrders: 0,
  ordersLastSecond: 0,
  cancels: 0,
  fills: 0,
  dayPnlUsd: NaN,
  drawdownUsd: NaN,
  consecutiveLosses: NaN,
});

/** A scope's cells with some orders more in them. */
function cellsWith(rooms: Rooms, scope: RiskScope, besides: readonly OrderIntent[]): Iterable<ExposureCell> {
  const cells = rooms.portfolio.exposureCells(scope);
  if (besides.length === 0) return cells;
  const byIndex = new Map([...cells].map((cell) => [cell.index, cell]));
  for (const { instrument, side, sizeLots } of besides) {
    const index = rooms.instruments.indexOf(instrument);
    if (index === undefined) continue;
    const cell = byIndex.get(index) ?? { index, positionLots: 0, openBuyLots: 0, openSellLots: 0 };
    const { positionLots, openBuyLots, openSellLots } = cell;
    byIndex.set(index, {
      index,
      positionLots,
      openBuyLots: openBuyLots + (side === "buy" ? sizeLots : 0),
      openSellLots: openSellLots + (side === "sell" ? sizeLots : 0),
    });
  }
  return byIndex.values();
}

function exposureWith(
  rooms: Rooms,
  context: IntentContext,
  scope: RiskScope,
  worstPriceTicks: number,
): ExposureFacts {
  const { intent, index, nowUs } = context;
  const { portfolio, instruments } = rooms;
  const cells = cellsWith(rooms, scope, besidesIn(context, scope));
  const exposure = exposureOf(cells, valuationAt(rooms, nowUs), {
    index,
    buyLots: intent.side === "buy" ? intent.sizeLots : 0,
    sellLots: intent.side === "sell" ? intent.sizeLots : 0,
    lotUsd: worstPriceTicks * portfolio.tickLotUsd(index),
  });
  return {
    positionUsd: exposure.positionUsd,
    positions: exposure.positions,
    grossUsd: exposure.grossUsd,
    netUsd: exposure.netUsd,
    unpriced: exposure.unpricedIndex < 0 ? undefined : instruments.get(exposure.unpricedIndex)?.id ?? "?",
    equityUsd: scope.kind === "plugin" ? undefined : equityUsd(rooms, scope, nowUs),
  };
}
