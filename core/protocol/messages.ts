/**
 * Every message between host and plugin, in both directions: one closed union each. Frequent market data travels as
 * fixed 64-byte records (records.ts), order books as a binary frame of their own; all else is one JSON message a
 * frame. The plugin's id is never in a message: it comes from the channel.
 *
 * Version 1. A peer of another version is refused at the handshake.
 */
import type { Balance, Fill, FundingPayment, VenuePosition } from "../model/account.ts";
import type { AccountState } from "../model/account_state.ts";
import type { AdapterRequest, AdapterResponse, MarketQuestion } from "../model/adapter_request.ts";
import type { CauseId, InstrumentId, PluginId } from "../model/ids.ts";
import type { ExitPlan, ExitTerms } from "../model/exit_plan.ts";
import type { Instrument } from "../model/instrument.ts";
import type { LegGroup, LegGroupTerms } from "../model/leg_group.ts";
import type { Order, OrderReport, OrderTerms, OrderTrigger } from "../model/order.ts";
import type { Panel } from "../model/panel.ts";
import type { PriceTicks, SizeLots } from "../model/ticks.ts";
import type { TriggerOrder } from "../model/trigger_order.ts";
import type { ChannelStatistics, VenueHealth } from "../model/venue_health.ts";

export const protocolVersion = 1;

/** Limits that the host keeps on what a plugin sends; a breach stops that plugin. */
export const frameLimits = {
  /** One frame's payload. */
  maxFrameBytes: 1 << 20,
  /** JSON of `save_state`. */
  maxStateBytes: 64 << 10,
  maxLogMessageChars: 2_000,
} as const;

export type Environment = "sim" | "paper" | "testnet" | "live";
export type MarketDataKind = "quotes" | "trades" | "books" | "marks";

/** Number of an instrument on one channel: a strategy's are the host's, an adapter's its own. */
export type InstrumentIndex = number;

export interface IndexedInstrument {
  readonly index: InstrumentIndex;
  readonly instrument: Instrument;
}

/** All start-up data in one record. */
export interface HelloBase {
  readonly type: "hello";
  readonly protocolVersion: number;
  readonly pluginId: PluginId;
  readonly environment: Environment;
  /** Validated against the manifest's settings. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Granted secrets by name: adapters, and strategies that were granted some. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What `save_state` last kept; null for nothing. */
  readonly savedState: unknown;
  /** Seeds the plugin's `random`. */
  readonly seed: number;
  /** How often the plugin must show that its event loop turns. */
  readonly heartbeatEveryMs: number;
  /** `virtual`: time comes by `run_until` alone (backtest, replay). */
  readonly timeMode: "real" | "virtual";
  readonly epochUs: number;
}

export interface StrategyHello extends HelloBase {
  readonly role: "strategy";
  /** Nothing else is needed to read the records that follow. */
  readonly instruments: readonly IndexedInstrument[];
}

export interface ExchangeHello extends HelloBase {
  readonly role: "exchange";
  readonly venue: string;
  readonly endpoints: Readonly<Record<string, string>>;
  readonly symbols: readonly string[];
  /** The operator's names for instruments, by the venue's symbols. */
  readonly instrumentNames: Readonly<Record<string, string>>;
}

/** Asks for the manifest only; the sandbox is thrown away afterwards. */
export interface ProbeHello {
  readonly type: "hello";
  readonly role: "probe";
  readonly protocolVersion: number;
}

/** The plugin's own order as it is told of it; money and prices as exact text or integers. */
export interface OrderMessage {
  readonly type: "order";
  readonly ref: string;
  readonly order: Order;
}

export interface PositionMessage {
  readonly type: "position";
  readonly instrument: InstrumentId;
  readonly positionLots: SizeLots;
  /** Sum of ticks × lots at entry, exact. */
  readonly costTicksLots: bigint;
  /** Money at 1e-18, before fees. */
  readonly realizedPnl: bigint;
  readonly feesPaid: bigint;
}

/** Host → plugin. Integers beyond 2^53 (money) are `bigint` here and text on the wire (codec.ts). */
export type HostMessage =
  | StrategyHello
  | ExchangeHello
  | ProbeHello
  | { readonly type: "instruments"; readonly instruments: readonly IndexedInstrument[] }
  /**
   * Virtual time only: play the market data that was sent up to this moment, at most `lookaheadUs` beyond the first
   * thing that is asked of the host, then say `paused`.
   */
  | { readonly type: "run_until"; readonly epochUs: number; readonly lookaheadUs: number }
  | { readonly type: "settings"; readonly settings: Readonly<Record<string, unknown>> }
  | { readonly type: "stop"; readonly reason: string; readonly deadlineMs: number }
  // to strategies
  | OrderMessage
  | {
    readonly type: "refused";
    readonly ref: string;
    readonly code: string;
    readonly text: string;
    readonly facts: Readonly<Record<string, string | number>>;
  }
  /** A change of an order was refused; the order stays as it is. */
  | {
    readonly type: "amend_refused";
    readonly ref: string;
    readonly code: string;
    readonly text: string;
    readonly facts: Readonly<Record<string, string | number>>;
  }
  | { readonly type: "fill"; readonly ref: string; readonly fill: Fill }
  | PositionMessage
  | { readonly type: "venue_health"; readonly health: VenueHealth }
  /** The venue's word on an account that the plugin may trade on. */
  | { readonly type: "account"; readonly account: AccountState }
  /** What became of an order that waits in the host for a price. */
  | { readonly type: "trigger"; readonly ref: string; readonly phase: TriggerOrder["phase"] }
  /** What guards one of the plugin's positions changed. */
  | { readonly type: "exit"; readonly plan: ExitPlan }
  /** One of the plugin's leg groups changed; money as exact integers. */
  | { readonly type: "group"; readonly ref: string; readonly group: LegGroup }
  | { readonly type: "history_answer"; readonly questionId: number; readonly answer: HistoryAnswer }
  // to adapters
  /** More symbols are wanted than at the start. */
  | { readonly type: "symbols"; readonly symbols: readonly string[] }
  | {
    readonly type: "subscribe";
    readonly instrument: InstrumentId;
    readonly kinds: readonly MarketDataKind[];
  }
  | {
    readonly type: "unsubscribe";
    readonly instrument: InstrumentId;
    readonly kinds: readonly MarketDataKind[];
  }
  | (AdapterRequest & { readonly type: "request"; readonly requestId: number; readonly timeoutMs: number });

export type { AdapterRequest, AdapterResponse };

export type LogLevel = "debug" | "info" | "warn" | "error";

/** An opportunity as strategies report it; see the SDK's OpportunityRecord for the units. */
export interface OpportunityMessage {
  readonly type: "opportunity";
  /** When the strategy saw it, by its own clock. */
  readonly tsMs: number;
  readonly symbol: string;
  readonly buy: InstrumentId;
  readonly sell: InstrumentId;
  readonly buyPrice: number;
  readonly sellPrice: number;
  readonly sizeBase: number;
  readonly buyBidPrice: number;
  readonly buyAskPrice: number;
  readonly sellBidPrice: number;
  readonly sellAskPrice: number;
  readonly spreadBps: number;
  readonly grossBps: number;
  readonly feesBps: number;
  readonly netBps: number;
  readonly slippageBps: number;
  readonly fundingBps: number;
  readonly expectedBps: number;
  readonly score: number;
  readonly plan: string;
  readonly isTaken: boolean;
  readonly skipped?: string | undefined;
}

/** What a strategy may ask about the past of an instrument that it was granted. */
export type HistoryQuestion = Extract<MarketQuestion, { readonly kind: "klines" | "funding_rates" }>;
export type HistoryAnswer =
  | Extract<AdapterResponse, { readonly kind: "klines" | "funding_rates" }>
  | { readonly kind: "failed"; readonly code: string; readonly details: string };

/** Plugin → host. */
export type PluginMessage =
  /** Answer to the probe: the manifest as it was found, not yet validated. */
  | { readonly type: "manifest"; readonly manifest: unknown }
  | {
    readonly type: "ready";
    readonly protocolVersion: number;
    readonly capabilities: Readonly<Record<string, boolean>> | undefined;
    readonly hasTrading: boolean;
  }
  /** Loading or starting failed for good; the process ends. */
  | { readonly type: "failed"; readonly code: string; readonly details: string }
  /** Its event loop turned. Figures of its own process, for display; limits are measured from outside. */
  | {
    readonly type: "heartbeat";
    readonly count: number;
    readonly heapUsedBytes: number;
    readonly loopDelayMs: number;
  }
  | {
    readonly type: "log";
    readonly level: LogLevel;
    readonly message: string;
    readonly fields: Readonly<Record<string, string | number | boolean>>;
  }
  | { readonly type: "gauge"; readonly name: string; readonly value: number }
  | { readonly type: "callback_error"; readonly callback: string; readonly details: string }
  | { readonly type: "stopped" }
  // from strategies
  /** Virtual time only: the messages that follow are of this moment. */
  | { readonly type: "at"; readonly epochUs: number }
  /** Virtual time only: everything up to this moment has been played. */
  | { readonly type: "paused"; readonly epochUs: number }
  | {
    readonly type: "submit";
    readonly ref: string;
    readonly terms: OrderTerms;
    readonly causes: readonly CauseId[];
    readonly exits?: ExitTerms | undefined;
    readonly trigger?: OrderTrigger | undefined;
  }
  | {
    readonly type: "amend";
    readonly ref: string;
    readonly sizeLots: SizeLots | undefined;
    readonly limitPriceTicks: PriceTicks | undefined;
  }
  | { readonly type: "set_exit"; readonly instrument: InstrumentId; readonly terms: ExitTerms }
  | { readonly type: "clear_exit"; readonly instrument: InstrumentId }
  | { readonly type: "cancel"; readonly ref: string }
  | {
    readonly type: "submit_group";
    readonly ref: string;
    readonly terms: LegGroupTerms;
    readonly causes: readonly CauseId[];
  }
  | { readonly type: "close_group"; readonly ref: string; readonly reason: string }
  | { readonly type: "cancel_all"; readonly instrument: InstrumentId | undefined }
  | { readonly type: "save_state"; readonly json: string }
  | { readonly type: "history_question"; readonly questionId: number; readonly question: HistoryQuestion }
  | OpportunityMessage
  | { readonly type: "panel"; readonly panel: Panel }
  // from adapters
  | { readonly type: "instrument"; readonly index: InstrumentIndex; readonly instrument: Instrument }
  | { readonly type: "order_report"; readonly report: OrderReport }
  | { readonly type: "fill_report"; readonly fill: Fill }
  | { readonly type: "position_report"; readonly position: VenuePosition }
  | { readonly type: "balance_report"; readonly balance: Omit<Balance, "venue"> }
  | { readonly type: "funding_report"; readonly payment: FundingPayment }
  | { readonly type: "health"; readonly health: Omit<VenueHealth, "venue" | "tsMs"> }
  | { readonly type: "channel_statistics"; readonly channels: readonly ChannelStatistics[] }
  | { readonly type: "private_stream_restored" }
  | { readonly type: "response"; readonly requestId: number; readonly response: AdapterResponse };
