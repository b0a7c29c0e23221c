/**
 * Everything that reaches the engine and everything that leaves it. Frequent market data has methods of its own on
 * `Engine` (onQuote, onTrade, onMark); all else is one closed union each way. Events carry their time; the engine has
 * no other clock.
 */
import type { ResidentStopSettings } from "../execution/exit_plans/resident_stops.ts";
import type { Fill, MarginMode } from "../model/account.ts";
import type { AccountState } from "../model/account_state.ts";
import type { AdapterEvent } from "../model/adapter_event.ts";
import type { AdapterRequest } from "../model/adapter_request.ts";
import type { CauseId, ClientOrderId, InstrumentId, PluginId, VenueId } from "../model/ids.ts";
import type { ExitIntent, ExitPlan, ExitTerms } from "../model/exit_plan.ts";
import type { Facts, JournalEntry, PluginPosition } from "../model/journal_entry.ts";
import type { LegGroup, LegGroupIntent, LegGroupLimits } from "../model/leg_group.ts";
import type { KillReport } from "../model/kill_report.ts";
import type { BookUpdate } from "../model/market.ts";
import type { Order, OrderIntent, OrderTrigger } from "../model/order.ts";
import type { TradeSums } from "../model/trade_record.ts";
import type { TriggerOrder } from "../model/trigger_order.ts";
import type {
  MarketLimits,
  RiskScope,
  RiskSettings,
  ScopeLimits,
  TradingState,
} from "../model/risk_limits.ts";
import type { ChannelStatistics, VenueHealth } from "../model/venue_health.ts";

/** Number of an instrument in this host, given by `Engine.registerInstrument`, from 0 without gaps. */
export type InstrumentIndex = number;
/** Number the host gives to a plugin's channel; the router hands it back. */
export type Subscriber = number;
export type MarketDataKind = "quotes" | "trades" | "books" | "marks";

/** What the operator granted; the gate checks every intent against it. */
export interface TradingGrant {
  /** Venue ids, or `*`. */
  readonly venues: readonly string[];
  /** Symbols with `*` as wildcard. */
  readonly instruments: readonly string[];
  readonly data: readonly MarketDataKind[];
  readonly orders: "none" | "reduce_only" | "trade";
}

/** The granted part of the plugin's risk budget; the settings' ceiling for plugins holds besides. */
export interface GrantedBudget {
  readonly maxOrderNotionalUsd: number;
  readonly maxPositionNotionalUsd: number;
  readonly maxOrdersPerSecond: number;
  readonly maxDailyLossUsd: number;
}

/** What survives a restart, read from the journal; given once, before adapters start. */
export interface EngineRestore {
  /** Orders that were not done. */
  readonly workingOrders: readonly Order[];
  readonly positions: readonly PluginPosition[];
  /** Fills already booked, newest last; those of the last day are enough. */
  readonly bookedFills: readonly { readonly venue: VenueId; readonly fillId: string }[];
  /** Funding payments already booked. */
  readonly bookedFunding: readonly { readonly venue: VenueId; readonly paymentId: string }[];
  /** Venue time of the newest booked fill per venue. */
  readonly lastFillMs: Readonly<Record<string, number>>;
  readonly states: readonly {
    readonly scope: RiskScope;
    readonly state: TradingState;
    readonly reason: string;
  }[];
  /** What operators changed, by scope; taken where it is tighter than the configuration. */
  readonly limits: readonly { readonly scope: RiskScope; readonly limits: Partial<ScopeLimits> }[];
  /** Closed trades of each plugin, added up. */
  readonly trades: readonly { readonly plugin: PluginId; readonly sums: TradeSums }[];
  /** What operators changed of the market limits; taken where it is tighter than the configuration. */
  readonly marketLimits: Partial<MarketLimits>;
  /** Profit and loss at the last midnight UTC, and at its highest, per scope name. */
  readonly baselines: readonly PnlBaseline[];
  /** Leg groups that were not over; fills that the journal has of their orders are in their totals. */
  readonly groups: readonly LegGroup[];
  /** Exit plans that had not ended. */
  readonly exits: readonly ExitPlan[];
  /** Orders that wait in the host for a price. */
  readonly triggers: readonly TriggerOrder[];
}

export interface PnlBaseline {
  /** As `scopeName` gives it. */
  readonly scope: string;
  /** Days since the epoch, UTC. */
  readonly day: number;
  /** USD. */
  readonly dayStartPnl: number;
  readonly peakPnl: number;
  readonly consecutiveLosses: number;
}

/** A person's command; `by` says through which door it came: `cli`, `http`, `signal`, `file`. */
export type OperatorCommand =
  /** Halts everything, cancels everything everywhere, and flattens if asked. */
  | {
    readonly kind: "kill";
    readonly flatten: boolean;
    /** Besides the venues that are known already: those whose word is waited for. */
    readonly venues?: readonly VenueId[];
  }
  | {
    readonly kind: "set_state";
    readonly scope: RiskScope;
    readonly state: TradingState;
    readonly reason: string;
  }
  /** Takes effect only if no limit gets looser by it. */
  | { readonly kind: "tighten_limits"; readonly scope: RiskScope; readonly limits: Partial<ScopeLimits> }
  /** In either direction. What is looser than the configuration holds until the host stops. */
  | {
    readonly kind: "set_limits";
    readonly scope: RiskScope;
    readonly limits: Partial<ScopeLimits>;
    readonly reason: string;
  }
  /** The market limits, in the same two ways. */
  | { readonly kind: "tighten_market"; readonly limits: Partial<MarketLimits> }
  | { readonly kind: "set_market"; readonly limits: Partial<MarketLimits>; readonly reason: string }
  /** A host that is gone: its orders on the account are ours from now on. Refused while it still trades. */
  | {
    readonly kind: "take_over";
    readonly venue: VenueId;
    readonly tag: string;
    readonly reason: string;
  }
  /** What the account borrows at its venue on one instrument; what the venue says to it is told by a notice. */
  | {
    readonly kind: "set_leverage";
    readonly instrument: InstrumentId;
    readonly leverage: number;
    readonly marginMode: MarginMode;
  }
  | { readonly kind: "cancel_orders"; readonly scope: RiskScope }
  | { readonly kind: "cancel_order"; readonly clientOrderId: ClientOrderId }
  /** Reduce-only market orders in the plugins' names, bounded by the collar, with bounded retries. */
  | { readonly kind: "flatten"; readonly scope: RiskScope }
  /** No new orders; cancel all; `shutdown_complete` follows when all is confirmed or the time is over. */
  | {
    readonly kind: "shutdown";
    readonly deadlineMs: number;
    /** Why the host can't go on; absent where it was told to end. */
    readonly failure?: string;
  };

export type EngineEvent =
  | { readonly kind: "restore"; readonly tsUs: number; readonly restore: EngineRestore }
  /** A strategy runs from now on; its subscriptions follow from `grant.data`. Also after a reload, with new values. */
  | {
    readonly kind: "plugin_started";
    readonly tsUs: number;
    readonly plugin: PluginId;
    readonly subscriber: Subscriber;
    readonly grant: TradingGrant;
    readonly budget: GrantedBudget;
    readonly onStop: "keep_positions" | "flatten";
  }
  /** Its process is gone; its orders are cancelled, its positions kept or flattened. */
  | {
    readonly kind: "plugin_stopped";
    readonly tsUs: number;
    readonly plugin: PluginId;
    readonly reason: string;
    /** False for a reload: its next version follows at once, orders and positions stay as they are. */
    readonly isFinal: boolean;
  }
  /** `exits` guard the position that the order makes; an order whose plan can't be taken is refused. */
  | {
    readonly kind: "intent";
    readonly tsUs: number;
    readonly intent: OrderIntent;
    readonly exits?: ExitTerms | undefined;
    /** The order waits in the host for this price. */
    readonly trigger?: OrderTrigger | undefined;
  }
  | { readonly kind: "set_exit_intent"; readonly tsUs: number; readonly intent: ExitIntent }
  | {
    readonly kind: "clear_exit_intent";
    readonly tsUs: number;
    readonly plugin: PluginId;
    readonly instrument: InstrumentId;
  }
  /** Quotes left the ranges in which nothing waits for them: see `EngineSurface.isReviewDue`. */
  | { readonly kind: "quotes_due"; readonly tsUs: number }
  /** A trade of two legs, held by the host from now on. */
  | {
    readonly kind: "group_intent";
    readonly tsUs: number;
    readonly intent: LegGroupIntent;
    readonly causes: readonly CauseId[];
  }
  | {
    readonly kind: "close_group_intent";
    readonly tsUs: number;
    readonly plugin: PluginId;
    readonly ref: string;
    readonly reason: string;
  }
  /** Size in all, what is filled included; undefined is as it is. */
  | {
    readonly kind: "amend_intent";
    readonly tsUs: number;
    readonly plugin: PluginId;
    readonly ref: string;
    readonly sizeLots: number | undefined;
    readonly limitPriceTicks: number | undefined;
  }
  | { readonly kind: "cancel_intent"; readonly tsUs: number; readonly plugin: PluginId; readonly ref: string }
  | {
    readonly kind: "cancel_all_intent";
    readonly tsUs: number;
    readonly plugin: PluginId;
    readonly instrument: InstrumentId | undefined;
  }
  | { readonly kind: "book"; readonly tsUs: number; readonly update: BookUpdate }
  /** `hasTrading` false: market data only, every order on that venue is refused. */
  | {
    readonly kind: "adapter_started";
    readonly tsUs: number;
    readonly venue: VenueId;
    readonly hasTrading: boolean;
    readonly capabilities: Readonly<Record<string, boolean>>;
  }
  | {
    readonly kind: "adapter_lost";
    readonly tsUs: number;
    readonly venue: VenueId;
    readonly reason: string;
  }
  | AdapterEvent
  | { readonly kind: "venue_health"; readonly tsUs: number; readonly health: VenueHealth }
  | {
    readonly kind: "channel_statistics";
    readonly tsUs: number;
    readonly venue: VenueId;
    readonly channels: readonly ChannelStatistics[];
  }
  | { readonly kind: "private_stream_restored"; readonly tsUs: number; readonly venue: VenueId }
  /** Every 100 ms or so: timeouts, reconciliation, loss limits, retries. */
  | { readonly kind: "tick"; readonly tsUs: number }
  | {
    readonly kind: "operator";
    readonly tsUs: number;
    readonly by: string;
    readonly command: OperatorCommand;
  };

/** What a plugin is told; the same fields as the host's messages. The text of a refusal is made at the edge. */
export type PluginNotice =
  | { readonly type: "order"; readonly ref: string; readonly order: Order }
  /** A change of an order was refused; the order stays as it is. */
  | { readonly type: "amend_refused"; readonly ref: string; readonly code: string; readonly facts: Facts }
  | { readonly type: "refused"; readonly ref: string; readonly code: string; readonly facts: Facts }
  | { readonly type: "fill"; readonly ref: string; readonly fill: Fill }
  | ({ readonly type: "position" } & Omit<PluginPosition, "plugin" | "fundingPaid">)
  | { readonly type: "venue_health"; readonly health: VenueHealth }
  | { readonly type: "account"; readonly account: AccountState }
  | { readonly type: "trigger"; readonly ref: string; readonly phase: TriggerOrder["phase"] }
  | { readonly type: "exit"; readonly plan: ExitPlan }
  | { readonly type: "group"; readonly ref: string; readonly group: LegGroup };

export type Severity = "info" | "warning" | "critical";

/** What people are told by log and alert; texts are made at the edge. */
export const noticeCodes = [
  "ORDER_ILLEGAL_TRANSITION",
  "ORDER_OVERFILLED",
  "ORDER_UNKNOWN",
  "ORDER_UNKNOWN_LASTS",
  "ORDER_REVIVED",
  "ORDER_ADOPTED",
  "ORDER_FOREIGN",
  "OTHER_HOST",
  "HOST_TAKEN_OVER",
  "TAKE_OVER_REFUSED",
  "FILL_FOREIGN",
  "HEDGE_REMOVED",
  "FILLS_MISSING",
  "CANCEL_REFUSED",
  "AMEND_REFUSED",
  "RECONCILIATION_REPAIR",
  "ACCOUNT_RECONCILED",
  "ACCOUNT_RECONCILIATION_FAILED",
  "ADAPTER_LOST",
  "PLUGIN_ORDERS_CANCELLED",
  "FLATTEN_STARTED",
  "FLATTEN_DONE",
  "FLATTEN_FAILED",
  "POSITIONS_OFFSET",
  "TRADING_STATE_CHANGED",
  "DEAD_MANS_SWITCH_NOT_ARMED",
  "DEAD_MANS_SWITCH_ARMED",
  "KILL_SWITCH",
  "KILL_VERIFIED",
  "KILL_INCOMPLETE",
  "LIMITS_CHANGED",
  "LIMITS_NOT_TIGHTER",
  "REQUEST_UNANSWERED",
  "RESPONSE_UNEXPECTED",
  "INSTRUMENT_CHANGED",
  "LEVERAGE_SET",
  "LEVERAGE_NOT_SET",
  "SHUTDOWN_STARTED",
  "HOST_FAILS",
  "TRIGGER_FIRED",
  "EXIT_FIRED",
  "EXIT_STEP_FIRED",
  "EXIT_FAILING",
  "RESIDENT_STOP_FIRED",
  "RESIDENT_STOP_LOST",
  "RESIDENT_STOP_ABSENT",
  "GROUP_BROKEN",
  "GROUP_NAKED_TOO_LONG",
  "GROUP_HALTED",
  "GROUP_RESUMED",
  "GROUP_POSITIONS_DIFFER",
] as const;
export type NoticeCode = (typeof noticeCodes)[number];

/** What is left when a shutdown ends. */
export interface ShutdownRemains {
  readonly workingOrders: readonly Order[];
  readonly positions: readonly PluginPosition[];
}

export type EngineOutput =
  | { readonly kind: "journal"; readonly entry: JournalEntry }
  /** `afterJournal`: to be handed over only when all journal entries before it are durable. */
  | {
    readonly kind: "adapter_request";
    readonly venue: VenueId;
    readonly requestId: number;
    readonly request: AdapterRequest;
    readonly timeoutMs: number;
    readonly afterJournal: boolean;
  }
  | { readonly kind: "to_plugin"; readonly plugin: PluginId; readonly message: PluginNotice }
  | {
    readonly kind: "notice";
    readonly severity: Severity;
    readonly code: NoticeCode;
    readonly facts: Facts;
  }
  | { readonly kind: "kill_report"; readonly report: KillReport }
  | { readonly kind: "shutdown_complete"; readonly remains: ShutdownRemains };

/** What stands on the accounts and is not known to the journal, and yet is ours, because the operator says so. */
export interface Claims {
  /** Of hosts that are gone: their open orders are taken on and cancelled. */
  readonly hostTags: readonly string[];
  /** The plugin that a position found on an instrument is given to. */
  readonly positions: Readonly<Record<string, PluginId>>;
}

export interface EngineSettings {
  /** 2 to 4 lower-case letters and digits, the same over restarts: by it our orders are known at the venue. */
  readonly hostTag: string;
  readonly claims?: Claims | undefined;
  /** Above every counter the journal knows. */
  readonly nextOrderCounter: number;
  readonly risk: RiskSettings;
  readonly timing: EngineTiming;
  /** The host's bounds on leg groups. @default those of `risk` */
  readonly legGroups?: LegGroupLimits;
  /** The stops at the venues behind exit plans. @default on, 50 bps behind */
  readonly residentStops?: ResidentStopSettings | undefined;
  /** Requests a second that each venue allows; absent venues have the default. */
  readonly rateBudgets: Readonly<Record<string, VenueRateBudget>>;
  readonly defaultRateBudget: VenueRateBudget;
}

export interface VenueRateBudget {
  readonly requestsPerSecond: number;
  readonly burst: number;
  /** Share of the burst that only cancels and reduce-only orders may use: 0.3. */
  readonly reservedShare: number;
}

export interface EngineTiming {
  /** An adapter's answer later than this is lost. */
  readonly requestTimeoutMs: number;
  readonly reconcileOrdersEveryMs: number;
  readonly reconcilePositionsEveryMs: number;
  /** Between two questions about an unknown order. */
  readonly queryEveryMs: number;
  /** `not_found` counts only this long after the order was sent: venues answer before they know. */
  readonly notFoundGraceMs: number;
  /** Fills are asked for from this much before the newest known one. */
  readonly fillsOverlapMs: number;
  /** At the first start, fills are asked for from this long ago. */
  readonly fillsLookbackMs: number;
  /** A fill of another berth tells of a second host when it is at most this old. */
  readonly otherHostWindowMs: number;
  readonly flattenAttempts: number;
  readonly flattenRetryMs: number;
  /** After this a kill reports what it knows, whoever has not answered. */
  readonly killDeadlineMs: number;
}

export const defaultTiming: EngineTiming = {
  requestTimeoutMs: 5_000,
  reconcileOrdersEveryMs: 5_000,
  reconcilePositionsEveryMs: 30_000,
  queryEveryMs: 1_000,
  notFoundGraceMs: 3_000,
  fillsOverlapMs: 60_000,
  fillsLookbackMs: 600_000,
  otherHostWindowMs: 600_000,
  flattenAttempts: 5,
  flattenRetryMs: 1_000,
  killDeadlineMs: 20_000,
};

export const defaultRateBudget: VenueRateBudget = {
  requestsPerSecond: 10,
  burst: 20,
  reservedShare: 0.3,
};
