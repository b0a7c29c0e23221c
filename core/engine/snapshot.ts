/** The engine's state as one plain record, for display, HTTP and metrics. Money in USD as floats: nothing is decided on it. */
import type { Balance, VenuePosition } from "../model/account.ts";
import type { InstrumentId, PluginId, VenueId } from "../model/ids.ts";
import type { ExitPlan, ExitTerms } from "../model/exit_plan.ts";
import type { PluginPosition } from "../model/journal_entry.ts";
import type { Order, OrderReport } from "../model/order.ts";
import type { RequestCounts } from "../execution/request_statistics.ts";
import type { LatencyHistogram } from "../model/latency_histogram.ts";
import type { KillReport } from "../model/kill_report.ts";
import type { TradeStatistics } from "../model/trade_record.ts";
import type { MarketLimits, RiskScope, ScopeLimits, TradingState } from "../model/risk_limits.ts";
import type { ChannelStatistics, VenueHealth } from "../model/venue_health.ts";
import type { OpenTrade } from "../portfolio/portfolio.ts";
import type { AbsenceReason, ResidentStopState } from "./resident_stop_desk.ts";
import type { OtherHostSign } from "./other_hosts.ts";
import type { GroupTotals } from "../model/leg_group_totals.ts";
import type { GroupSnapshot } from "./group_snapshot.ts";

/** NaN for what is not known: the console shows a dash. */
export interface QuoteSnapshot {
  readonly instrument: InstrumentId;
  readonly bidPrice: number;
  readonly bidSizeBase: number;
  readonly askPrice: number;
  readonly askSizeBase: number;
  readonly ageMs: number;
  readonly updates: number;
  readonly updatesPerSecond: number;
  /** Receive time − venue time, moving average. */
  readonly latencyAverageMs: number;
  readonly latency: LatencyHistogram;
  readonly gaps: number;
  readonly isCrossed: boolean;
  readonly markPrice: number;
  readonly indexPrice: number;
  readonly fundingRate: number;
  readonly tsNextFundingMs: number;
  readonly lastTradePrice: number;
  readonly trades: number;
}

/** A plan of how a position is to end. */
export interface ExitSnapshot {
  readonly plugin: PluginId;
  readonly instrument: InstrumentId;
  readonly phase: ExitPlan["phase"]["kind"];
  readonly direction: ExitPlan["direction"];
  readonly bestPrice: number;
  readonly terms: ExitTerms;
  /** The stop behind it at the venue. */
  readonly residentStop: ResidentStopState;
}

export interface PnlSnapshot {
  readonly realizedUsd: number;
  readonly unrealizedUsd: number;
  readonly feesUsd: number;
  readonly fundingUsd: number;
  /** realized + unrealized − fees − funding. */
  readonly totalUsd: number;
  readonly todayUsd: number;
}

/** Who would close a position that goes wrong: nobody, the host alone, or the venue too if the host were gone. */
export type PositionStop =
  | { readonly kind: "none" }
  | { readonly kind: "host"; readonly whyNotAtVenue: AbsenceReason }
  /** Its price there, behind the host's own. */
  | { readonly kind: "venue"; readonly triggerPrice: number };

export interface PositionSnapshot extends PluginPosition {
  readonly sizeBase: number;
  readonly averageEntryPrice: number | undefined;
  readonly stop: PositionStop;
  readonly markPrice: number;
  readonly unrealizedUsd: number;
  /** Since it was last flat; undefined while it is. */
  readonly openTrade: OpenTrade | undefined;
  /** The venue's word on the account's position of the instrument, where it says so. */
  readonly venueLeverage: number | undefined;
  readonly liquidationPrice: number | undefined;
}

export interface ScopeSnapshot {
  readonly scope: RiskScope;
  readonly state: TradingState;
  readonly reason: string;
  /** As they hold now. */
  readonly limits: ScopeLimits;
  readonly pnl: PnlSnapshot;
  readonly peakPnlUsd: number;
  readonly drawdownUsd: number;
  readonly consecutiveLosses: number;
  readonly grossExposureUsd: number;
  readonly netExposureUsd: number;
  readonly openOrders: number;
  readonly cancels: number;
  readonly fills: number;
}

export interface VenueSnapshot {
  readonly venue: VenueId;
  readonly isStarted: boolean;
  readonly hasTrading: boolean;
  readonly isReconciled: boolean;
  readonly health: VenueHealth | undefined;
  readonly channels: readonly ChannelStatistics[];
  readonly balances: readonly Omit<Balance, "venue">[];
  readonly venuePositions: readonly VenuePosition[];
  /** Lots per instrument that the account holds beside our plugins' positions. */
  readonly foreignPositions: readonly { readonly instrument: InstrumentId; readonly positionLots: number }[];
  readonly foreignOrders: readonly OrderReport[];
  /** Other berths that are seen here. */
  readonly otherHosts: readonly OtherHostSign[];
  /** Repairs by kind, and how often the account was compared. */
  readonly reconciliations: Readonly<Record<string, number>>;
  readonly rateBudget: { readonly tokens: number; readonly burst: number };
  readonly pendingRequests: number;
}

export interface PluginSnapshot {
  readonly plugin: PluginId;
  readonly isRunning: boolean;
  readonly isFlattening: boolean;
  readonly orders: number;
  readonly refusals: number;
  /** Of its positions that went from flat to flat, by the fills. */
  readonly trades: TradeStatistics;
  /** Of the accounts that it may trade on; NaN before any is known. */
  readonly equityUsd: number;
}

export interface EngineSnapshot {
  readonly tsUs: number;
  readonly isShuttingDown: boolean;
  /** A kill whose end the venues have not confirmed yet, and what was left after the newest one. */
  readonly kill: { readonly isWatching: boolean; readonly last: KillReport | undefined };
  readonly venues: readonly VenueSnapshot[];
  readonly plugins: readonly PluginSnapshot[];
  readonly quotes: readonly QuoteSnapshot[];
  /** Not done, oldest first. */
  readonly workingOrders: readonly Order[];
  /** Done, newest last, at most 200. */
  readonly recentOrders: readonly Order[];
  /** What is not flat or has ever traded. */
  readonly positions: readonly PositionSnapshot[];
  /** Global first, then accounts, then plugins. */
  readonly scopes: readonly ScopeSnapshot[];
  /** As they hold now. */
  readonly market: MarketLimits;
  /** Fees in assets that don't count as USD, as exact text by asset; in no other figure. */
  readonly otherFees: Readonly<Record<string, string>>;
  /** Funding that no plugin's position explains, USD: positive is paid. */
  readonly unassignedFundingUsd: number;
  /** Orders that ended, by their last status. */
  readonly ordersDone: Readonly<Record<string, number>>;
  readonly requests: readonly RequestCounts[];
  readonly refusals: Readonly<Record<string, number>>;
  readonly notices: Readonly<Record<string, number>>;
  readonly orderCounter: number;
  /** Leg groups that are not over, oldest first. */
  readonly groups: readonly GroupSnapshot[];
  readonly groupTotals: GroupTotals;
  /** Exit plans that have not ended. */
  readonly exits: readonly ExitSnapshot[];
}
