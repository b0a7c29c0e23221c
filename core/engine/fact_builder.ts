/** Puts together what the risk gate looks at for one intent. */
import type { Instrument } from "../model/instrument.ts";
import { isFinalStatus, type OrderIntent } from "../model/order.ts";
import type { RiskScope } from "../model/risk_limits.ts";
import { exposureOf } from "../portfolio/exposure.ts";
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
    market: marketFacts(rooms, index, nowUs),
    account: accountFacts(rooms, account, nowUs),
    reducible: reducibleFacts(rooms, intent, index),
    marketLimits: rooms.settings.risk.market,
    maxOrderSizeBase: rooms.settings.risk.maxOrderSizeBase[instrument.symbol] ?? null,
    usdAssets: rooms.settings.risk.usdAssets,
    scopes: scopesOf(intent, instrument).map((scope) => scopeFacts(rooms, scope, nowUs)),
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

function accountFacts(rooms: Rooms, account: VenueAccount, nowUs: number): AccountFacts {
  const { totalUsd, availableUsd } = account.usdTotals;
  const { rate } = account;
  const { reservedShare } = rooms.settings.rateBudgets[account.venue] ?? rooms.settings.defaultRateBudget;
  return {
    isConnected: account.isStarted,
    hasTrading: account.hasTrading,
    isReconciled: account.reconciliation.isReconciled,
    privateStream: account.privateStream,
    equityUsd: equityUsd(rooms, { kind: "account", venue: account.venue }, nowUs),
    availableUsd: availableUsd - marginSinceBalance(rooms, account, nowUs),
    totalUsd,
    requestTokens: rate.tokens(nowUs),
    reservedTokens: rate.burst * reservedShare,
  };
}

/** Initial margin that orders sent after the account's last balance will take: the venue has not reckoned with them yet. */
function marginSinceBalance(rooms: Rooms, account: VenueAccount, nowUs: number): number {
  const { lotUsd } = valuationAt(rooms, nowUs);
  const { marginLeverage } = rooms.settings.risk.market;
  let margin = 0;
  for (const order of rooms.orders.working()) {
    if (order.reduceOnly || order.tsCreatedUs < account.balancesUs) continue;
    const index = rooms.instruments.indexOf(order.instrument);
    const instrument = index === undefined ? undefined : rooms.instruments.get(index);
    if (index === undefined || instrument?.venue !== account.venue) continue;
    const leverage = Math.min(marginLeverage, instrument.maxLeverage);
    margin += (order.sizeLots * lotUsd(index)) / leverage;
  }
  return margin;
}

function reducibleFacts({ portfolio }: Rooms, intent: OrderIntent, index: InstrumentIndex): ReducibleFacts {
  return {
    pluginPositionLots: portfolio.positionLots(intent.plugin, index),
    pluginReducingLots: portfolio.reducingLots(intent.plugin, index, intent.side),
    accountPositionLots: portfolio.accountPositionLots(index),
    accountReducingLots: portfolio.reducingLots(undefined, index, intent.side),
    entryTicks: portfolio.entryTicks(intent.plugin, index),
  };
}

function scopeFacts({ states, portfolio }: Rooms, scope: RiskScope, nowUs: number): ScopeFacts {
  const view = states.get(scope);
  if (view === undefined) return unknownScope(scope);
  return {
    scope,
    name: view.name,
    limits: view.limits,
    state: view.state,
    stateReason: view.reason,
    openOrders: portfolio.openOrders(scope),
    ordersLastSecond: states.ordersLastSecond(scope, nowUs),
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

function exposureWith(
  rooms: Rooms,
  { intent, index, nowUs }: IntentContext,
  scope: RiskScope,
  worstPriceTicks: number,
): ExposureFacts {
  const { portfolio, instruments } = rooms;
  const exposure = exposureOf(portfolio.exposureCells(scope), valuationAt(rooms, nowUs), {
    index,
    buyLots: intent.side === "buy" ? intent.sizeLots : 0,
    sellLots: intent.side === "sell" ? intent.sizeLots : 0,
    lotUsd: worstPriceTicks * portfolio.tickLotUsd(index),
  });
  return {
    positionUsd: exposure.positionUsd,
    grossUsd: exposure.grossUsd,
    netUsd: exposure.netUsd,
    unpriced: exposure.unpricedIndex < 0 ? undefined : instruments.get(exposure.unpricedIndex)?.id ?? "?",
    equityUsd: scope.kind === "plugin" ? undefined : equityUsd(rooms, scope, nowUs),
  };
}
