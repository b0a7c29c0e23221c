/** Puts together what the risk gate looks at for one intent. */
import { venueOf } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import { isBackstop, isFinalStatus, isPluginReducing, type Order, type OrderIntent } from "../model/order.ts";
import { remainingLots } from "../model/order_transitions.ts";
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
  /** An order in whose place this one comes: it does not count any more. */
  readonly replaces?: Order;
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
    isRefInUse: named !== undefined && named !== context.replaces && !isFinalStatus(named.status),
    grantedOrders: plugin.grant.orders,
    isInstrumentGranted: plugin.covers(index, instrument),
    isGroupResuming: rooms.groups.isResuming(intent.plugin) && !rooms.groups.owns(intent.ref),
    market: marketFacts(rooms, index, nowUs),
    account: accountFacts(rooms, account, context),
    reducible: reducibleFacts(rooms, context),
    marketLimits: rooms.market.now,
    maxOrderSizeBase: rooms.settings.risk.maxOrderSizeBase[instrument.symbol] ?? null,
    usdAssets: rooms.settings.risk.usdAssets,
    scopes: scopesOf(intent, instrument).map((scope) => scopeFacts(rooms, scope, ordersMore(context, scope))),
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

/** Orders that a rehearsal counts beyond those that work. */
const ordersMore = (context: IntentContext, scope: RiskScope): number =>
  besidesIn(context, scope).length - (context.replaces === undefined ? 0 : 1);

function accountFacts(rooms: Rooms, account: VenueAccount, context: IntentContext): AccountFacts {
  const { nowUs } = context;
  const { totalUsd, availableUsd } = account.usdTotals;
  const { rate } = account;
  const { reservedShare } = rooms.settings.rateBudgets[account.venue] ?? rooms.settings.defaultRateBudget;
  return {
    isConnected: account.isStarted,
    hasTrading: account.hasTrading,
    isReconciled: account.reconciliation.isReconciled,
    otherHost: otherHostFacts(account, nowUs),
    privateStream: account.privateStream,
    equityUsd: equityUsd(rooms, { kind: "account", venue: account.venue }, nowUs),
    availableUsd: availableUsd - marginSinceBalance(rooms, account, context),
    totalUsd,
    requestTokens: rate.tokens(rooms.time.monotonicUs),
    reservedTokens: rate.burst * reservedShare,
  };
}

function otherHostFacts({ otherHosts: { newest } }: VenueAccount, nowUs: number): AccountFacts["otherHost"] {
  if (newest === undefined) return undefined;
  const { tag, kind, tsSeenMs } = newest;
  return { tag, kind, ageMs: Math.round(nowUs / 1000 - tsSeenMs) };
}

/** Initial margin that orders sent after the account's last balance will take: the venue has not reckoned with them yet. */
function marginSinceBalance(
  rooms: Rooms,
  account: VenueAccount,
  { nowUs, besides = [], replaces }: IntentContext,
): number {
  const { lotUsd } = valuationAt(rooms, nowUs);
  const { marginLeverage } = rooms.market.now;
  let margin = 0;
  const sent = rooms.orders.working().filter((order) =>
    order.tsCreatedUs >= account.balancesUs && order !== replaces
  );
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
  { intent, index, assumedLots, replaces }: IntentContext,
): ReducibleFacts {
  const replacedLots = replaces === undefined ? 0 : remainingLots(replaces);
  const freed = replaces?.reduceOnly === true ? replacedLots : 0;
  const freedOfPlugin = replaces !== undefined && isPluginReducing(replaces) ? replacedLots : 0;
  if (assumedLots !== undefined) {
    const accountLots = portfolio.accountPositionLots(index) + assumedLots;
    return {
      pluginPositionLots: assumedLots,
      pluginReducingLots: 0,
      accountPositionLots: accountLots,
      accountReducingLots: portfolio.reducingLots(undefined, index, intent.side),
      contendingLots: 0,
      entryTicks: intent.pricing.kind === "limit" ? intent.pricing.limitPriceTicks : NaN,
    };
  }
  const held = {
    pluginPositionLots: portfolio.positionLots(intent.plugin, index),
    accountPositionLots: portfolio.accountPositionLots(index),
    entryTicks: portfolio.entryTicks(intent.plugin, index),
  };
  // A backstop stands beside whatever else closes the position: the venue fills what is left of it then.
  if (isBackstop(intent)) {
    return { ...held, pluginReducingLots: 0, accountReducingLots: 0, contendingLots: 0 };
  }
  return {
    ...held,
    pluginReducingLots: portfolio.reducingLots(intent.plugin, index, intent.side) - freedOfPlugin,
    accountReducingLots: portfolio.reducingLots(undefined, index, intent.side) - freed,
    contendingLots: portfolio.contendingLots(intent.plugin, index, intent.side),
  };
}

function scopeFacts(
  { states, portfolio, time }: Rooms,
  scope: RiskScope,
  more: number,
): ScopeFacts {
  const view = states.get(scope);
  if (view === undefined) return unknownScope(scope);
  return {
    scope,
    name: view.name,
    limits: view.limits,
    state: view.state,
    stateReason: view.reason,
    openOrders: portfolio.openOrders(scope) + more,
    ordersLastSecond: states.ordersLastSecond(scope, time.monotonicUs) + Math.max(0, more),
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

/** A scope's cells with some orders more in them, and without the one that is replaced. */
function cellsWith(rooms: Rooms, scope: RiskScope, context: IntentContext): Iterable<ExposureCell> {
  const cells = rooms.portfolio.exposureCells(scope);
  const besides = besidesIn(context, scope);
  const { replaces } = context;
  // What only closes its plugin's position is not among the plugin's open lots.
  const isReplacing = replaces !== undefined && !replaces.reduceOnly &&
    !(scope.kind === "plugin" && isPluginReducing(replaces));
  if (besides.length === 0 && !isReplacing) return cells;
  const byIndex = new Map([...cells].map((cell) => [cell.index, cell]));
  const add = ({ instrument, side }: Pick<OrderIntent, "instrument" | "side">, lots: number): void => {
    const index = rooms.instruments.indexOf(instrument);
    if (index === undefined) return;
    const cell = byIndex.get(index) ?? { index, positionLots: 0, openBuyLots: 0, openSellLots: 0 };
    const { positionLots, openBuyLots, openSellLots } = cell;
    byIndex.set(index, {
      index,
      positionLots,
      openBuyLots: openBuyLots + (side === "buy" ? lots : 0),
      openSellLots: openSellLots + (side === "sell" ? lots : 0),
    });
  };
  for (const order of besides) add(order, order.sizeLots);
  if (isReplacing) add(replaces, -remainingLots(replaces));
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
  const cells = cellsWith(rooms, scope, context);
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
