/** What the gate looks at: one record per intent, made by the engine from its books, so that each limit is a pure rule. */
import type { Instrument } from "../model/instrument.ts";
import type { OrderIntent } from "../model/order.ts";
import type { MarketLimits, RiskScope, ScopeLimits, TradingState } from "../model/risk_limits.ts";

/** Prices as floats, NaN where there is none; ages in milliseconds, Infinity where there is none. */
export interface MarketFacts {
  readonly bidPrice: number;
  readonly askPrice: number;
  readonly quoteAgeMs: number;
  readonly isCrossed: boolean;
  readonly markPrice: number;
  readonly markAgeMs: number;
  /** Smallest receive time − venue time of the last minute; NaN where venue times are not stated. */
  readonly leastLatencyMs: number;
  readonly lastTradePrice: number;
}

export interface AccountFacts {
  readonly isConnected: boolean;
  readonly hasTrading: boolean;
  readonly isReconciled: boolean;
  /** The newest sign of another berth on the account; undefined when there is none. */
  readonly otherHost:
    | { readonly tag: string; readonly kind: "order" | "fill"; readonly ageMs: number }
    | undefined;
  /** `connected`, or why not; `none` where fills need no stream (paper). */
  readonly privateStream: "connected" | "connecting" | "reconnecting" | "stopped" | "none" | "unknown";
  /** Sum of the balances that count as USD, plus unrealized profit; NaN when not known. */
  readonly equityUsd: number;
  /** Free for new margin, less what orders since the last report will take; NaN when not known. */
  readonly availableUsd: number;
  readonly totalUsd: number;
  /** Request tokens left, and those kept for cancels and reduce-only orders. */
  readonly requestTokens: number;
  readonly reservedTokens: number;
}

/** Signed lots the plugin and the account hold, and lots of working reduce-only orders against them. */
export interface ReducibleFacts {
  readonly pluginPositionLots: number;
  readonly pluginReducingLots: number;
  readonly accountPositionLots: number;
  readonly accountReducingLots: number;
  /** Lots of other working orders of the same side, which may take the account's position away meanwhile. */
  readonly contendingLots: number;
  /** Average entry in ticks; NaN when flat. */
  readonly entryTicks: number;
}

/** One scope as it would be with the order: exposures count every working order of one side as filled. */
export interface ScopeFacts {
  readonly scope: RiskScope;
  readonly name: string;
  readonly limits: ScopeLimits;
  readonly state: TradingState;
  readonly stateReason: string;
  readonly openOrders: number;
  readonly ordersLastSecond: number;
  readonly cancels: number;
  readonly fills: number;
  /** NaN when a position can't be valued. */
  readonly dayPnlUsd: number;
  readonly drawdownUsd: number;
  readonly consecutiveLosses: number;
}

/** A scope's worst case with this order in it; NaN where `unpriced` names an instrument that can't be valued. */
export interface ExposureFacts {
  readonly positionUsd: number;
  /** Instruments that are held or would be. */
  readonly positions: number;
  readonly grossUsd: number;
  readonly netUsd: number;
  readonly unpriced: string | undefined;
  /** For leverage; NaN when not known, undefined where a scope has no equity (plugins). */
  readonly equityUsd: number | undefined;
}

export interface OrderFacts {
  readonly intent: OrderIntent;
  /** `host`: a flattening order of the host itself, the only kind that passes a halt. */
  readonly origin: "plugin" | "host";
  readonly nowUs: number;
  readonly instrument: Instrument;
  readonly isShuttingDown: boolean;
  readonly isPluginRunning: boolean;
  readonly isRefInUse: boolean;
  readonly grantedOrders: "none" | "reduce_only" | "trade";
  readonly isInstrumentGranted: boolean;
  /** A leg group of the plugin's earlier run is not settled yet, and this order is none of the group's. */
  readonly isGroupResuming: boolean;
  readonly market: MarketFacts;
  readonly account: AccountFacts;
  readonly reducible: ReducibleFacts;
  readonly marketLimits: MarketLimits;
  /** Largest order of this symbol, base units; null for none but the venue's. */
  readonly maxOrderSizeBase: number | null;
  readonly usdAssets: readonly string[];
  /** Plugin, account, global. */
  readonly scopes: readonly ScopeFacts[];
  /** The scope's exposure with the order added at its worst price (ticks, float); called once a scope. */
  readonly exposureWith: (scope: RiskScope, worstPriceTicks: number) => ExposureFacts;
}
