/** Facts under which an order passes; each test changes what it is about. */
import { defaultRiskSettings } from "../../../core/risk/settings.ts";
import type {
  AccountFacts,
  ExposureFacts,
  MarketFacts,
  OrderFacts,
  ReducibleFacts,
  ScopeFacts,
} from "../../../core/risk/order_facts.ts";
import type { OrderIntent } from "../../../core/model/order.ts";
import type { MarketLimits, ScopeLimits } from "../../../core/model/risk_limits.ts";
import { alpha, btcAt, intentOf, maker, noLimits } from "../../support/engine_builders.ts";
import type { Instrument } from "../../../core/model/instrument.ts";

export interface FactChanges {
  readonly intent?: Partial<OrderIntent>;
  readonly instrument?: Partial<Instrument>;
  readonly market?: Partial<MarketFacts>;
  readonly account?: Partial<AccountFacts>;
  readonly reducible?: Partial<ReducibleFacts>;
  readonly marketLimits?: Partial<MarketLimits>;
  /** Of the plugin's scope. */
  readonly limits?: Partial<ScopeLimits>;
  readonly plugin?: Partial<ScopeFacts>;
  readonly venue?: Partial<ScopeFacts>;
  readonly global?: Partial<ScopeFacts>;
  readonly exposure?: Partial<ExposureFacts>;
  readonly facts?: Partial<OrderFacts>;
}

const scopeFacts = (scope: ScopeFacts["scope"], name: string): ScopeFacts => ({
  scope,
  name,
  limits: noLimits,
  state: "active",
  stateReason: "",
  openOrders: 0,
  ordersLastSecond: 0,
  cancels: 0,
  fills: 0,
  dayPnlUsd: 0,
  drawdownUsd: 0,
  consecutiveLosses: 0,
});

/** Buy 10 lots (0.01 BTC) at 50,000.0, bid 49,999.5, ask 50,000.5, mark 50,000: 500 USD. */
export function factsOf(changes: FactChanges = {}): OrderFacts {
  const exposure: ExposureFacts = {
    positionUsd: 500,
    positions: 1,
    grossUsd: 500,
    netUsd: 500,
    unpriced: undefined,
    equityUsd: 10_000,
    ...changes.exposure,
  };
  return {
    intent: intentOf(changes.intent),
    origin: "plugin",
    nowUs: 1_700_000_000_000_000,
    instrument: btcAt(alpha, changes.instrument),
    isShuttingDown: false,
    isPluginRunning: true,
    isRefInUse: false,
    grantedOrders: "trade",
    isInstrumentGranted: true,
    isGroupResuming: false,
    market: {
      bidPrice: 49_999.5,
      askPrice: 50_000.5,
      quoteAgeMs: 10,
      isCrossed: false,
      markPrice: 50_000,
      markAgeMs: 100,
      leastLatencyMs: 20,
      lastTradePrice: 50_000,
      ...changes.market,
    },
    account: {
      isConnected: true,
      hasTrading: true,
      isReconciled: true,
      otherHost: undefined,
      privateStream: "connected",
      equityUsd: 10_000,
      availableUsd: 10_000,
      totalUsd: 10_000,
      requestTokens: 20,
      reservedTokens: 6,
      ...changes.account,
    },
    reducible: {
      pluginPositionLots: 0,
      pluginReducingLots: 0,
      accountPositionLots: 0,
      accountReducingLots: 0,
      contendingLots: 0,
      entryTicks: NaN,
      ...changes.reducible,
    },
    marketLimits: { ...defaultRiskSettings.market, ...changes.marketLimits },
    maxOrderSizeBase: null,
    usdAssets: ["USD", "USDC"],
    scopes: [
      {
        ...scopeFacts({ kind: "plugin", plugin: maker }, "plugin/maker"),
        limits: { ...noLimits, ...changes.limits },
        ...changes.plugin,
      },
      { ...scopeFacts({ kind: "account", venue: alpha }, "account/alpha"), ...changes.venue },
      { ...scopeFacts({ kind: "global" }, "global"), ...changes.global },
    ],
    exposureWith: (scope) => ({
      ...exposure,
      equityUsd: scope.kind === "plugin" ? undefined : exposure.equityUsd,
    }),
    ...changes.facts,
  };
}
