/**
 * What the terminal needs of the host: one plain record to draw, and somewhere to write. Money and prices are floats
 * for the eye; NaN is what is not known, and is shown as a dash.
 */

import type { ShownNotice, ShownOpportunity } from "../model/shown.ts";
import type { GroupTotals } from "../model/leg_group_totals.ts";
import type { StrategyReport } from "../model/strategy_report.ts";

/** Where text goes. Writing never waits: a reader that does not keep up loses text, never time of the host. */
export interface TerminalOutput {
  /** True when standard output is a terminal: live display, else log lines only. */
  readonly isTerminal: boolean;
  /** False under NO_COLOR, TERM=dumb or without a terminal. */
  readonly useColor: boolean;
  /** False where the locale is not UTF-8: plain ASCII instead of box drawing. */
  readonly useUnicode: boolean;
  /** Undefined when it is no terminal. */
  size(): TerminalSize | undefined;
  /** Calls back when the terminal changes its size; the returned function ends that. */
  onResize(callback: () => void): () => void;
  /** Queues text for standard output. */
  write(text: string): void;
  /** Queues text for standard error. */
  writeError(text: string): void;
  /** Queued for standard output and not yet taken. */
  readonly pendingBytes: number;
  /** Text that was thrown away because nobody read, in bytes. */
  readonly droppedBytes: number;
  /** Resolves when all queued text is taken, or after `deadlineMs`. */
  flush(deadlineMs: number): Promise<void>;
  /** Text that is written at once when the process ends on whatever path; undefined for none. */
  restoreOnExit(text: string | undefined): void;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** `replay`: a recording is played. */
export type DisplayEnvironment = "sim" | "paper" | "testnet" | "live" | "replay";

/** A run that plays a recording. */
export interface ReplayInfo {
  /** Times as fast as it was recorded. */
  readonly speed: number | "max";
  readonly isPaused: boolean;
  /** The recording's time now. */
  readonly atMs: number;
  /** Of the recording that has been played, 0 to 1. */
  readonly share: number;
}

export interface RunInfo {
  readonly version: string;
  readonly environment: DisplayEnvironment;
  /** Undefined where the markets are of the present. */
  readonly replay: ReplayInfo | undefined;
  readonly seed: number;
  readonly uptimeMs: number;
  /** Undefined: until a signal. */
  readonly durationMs: number | undefined;
  readonly isStopping: boolean;
  /** Address of the dashboard, where it is served. */
  readonly consoleUrl: string | undefined;
  readonly hostRssMb: number;
}

export interface VenueRow {
  readonly venue: string;
  readonly state: "connecting" | "connected" | "reconnecting" | "stopped" | "not_started";
  /** `none`: market data only. `reconciling`: orders wait for the first comparison with the venue. */
  readonly trading: "ready" | "reconciling" | "disconnected" | "none";
  readonly heartbeatAgeMs: number;
  readonly updatesPerSecond: number;
  readonly latencyAverageMs: number;
  readonly latencyP99Ms: number;
  readonly gaps: number;
  readonly reconnects: number;
  readonly realizedUsd: number;
  readonly unrealizedUsd: number;
  readonly feesUsd: number;
}

export interface QuoteRow {
  /** `BTC-PERP`. */
  readonly symbol: string;
  readonly venue: string;
  readonly bidPrice: number;
  readonly bidSizeBase: number;
  readonly askPrice: number;
  readonly askSizeBase: number;
  readonly ageMs: number;
  /** Decimals of the instrument's tick size. */
  readonly priceDecimals: number;
  /** Decimals of the instrument's lot size. */
  readonly sizeDecimals: number;
}

export interface OrderRow {
  readonly clientOrderId: string;
  /** A stop that is kept at the venue behind an exit plan: it may stay when the host goes. */
  readonly isStop: boolean;
  readonly plugin: string;
  readonly venue: string;
  readonly symbol: string;
  readonly side: "buy" | "sell";
  /** NaN for a market order. */
  readonly price: number;
  readonly sizeBase: number;
  readonly filledBase: number;
  readonly status: string;
  readonly ageMs: number;
  readonly priceDecimals: number;
  readonly sizeDecimals: number;
}

export interface PositionRow {
  readonly plugin: string;
  readonly venue: string;
  readonly symbol: string;
  /** Long positive. */
  readonly sizeBase: number;
  readonly entryPrice: number;
  readonly markPrice: number;
  /** Who closes it when it goes wrong: nobody, the host alone, or the venue too. */
  readonly stop: "none" | "host" | "venue";
  /** Where the venue's stands; NaN without one. */
  readonly venueStopPrice: number;
  readonly unrealizedUsd: number;
  readonly realizedUsd: number;
  readonly priceDecimals: number;
  readonly sizeDecimals: number;
}

/** A leg group: a trade of two legs that the host holds. */
export interface GroupRow {
  readonly plugin: string;
  /** `BTC-PERP`, or both where the legs differ. */
  readonly symbol: string;
  /** `buy okx, sell paradex`. */
  readonly words: string;
  readonly phase: string;
  /** One leg had to be completed or taken back. */
  readonly isBroken: boolean;
  /** Of the leg that holds less. */
  readonly sizeBase: number;
  readonly sizeDecimals: number;
  /** Value of what one leg holds beyond the other, and since when it does; 0 when even. */
  readonly nakedUsd: number;
  readonly nakedMs: number;
  readonly ageMs: number;
  readonly why: string;
}

export interface PluginRow {
  readonly id: string;
  readonly kind: "strategy" | "exchange";
  /** Of its life cycle: `running`, `awaiting_approval`, `quarantined`, … */
  readonly state: string;
  /** Why it is in that state; empty when there is nothing to say. */
  readonly why: string;
  readonly cpuPercent: number;
  readonly rssMb: number;
  readonly heapMb: number;
  readonly heartbeatAgeMs: number;
  readonly restarts: number;
}

export interface RiskRow {
  /** `global`, `account/paradex`, `plugin/paradex_scalper`. */
  readonly scope: string;
  readonly state: "active" | "reducing" | "halted";
  readonly reason: string;
  readonly todayUsd: number;
  readonly grossExposureUsd: number;
}

export interface Totals {
  readonly realizedUsd: number;
  readonly unrealizedUsd: number;
  readonly feesUsd: number;
  /** Positive is paid. */
  readonly fundingUsd: number;
  /** realized + unrealized − fees − funding. */
  readonly totalUsd: number;
  readonly orders: number;
  readonly fills: number;
  readonly roundTrips: number;
}

/** Everything that one picture shows. Lists are in the order in which they are shown. */
export interface DisplaySnapshot {
  /** When it was taken. */
  readonly tsMs: number;
  readonly run: RunInfo;
  readonly totals: Totals;
  readonly venues: readonly VenueRow[];
  readonly quotes: readonly QuoteRow[];
  readonly opportunities: {
    readonly seen: number;
    readonly taken: number;
    /** Newest first. */
    readonly latest: readonly ShownOpportunity[];
  };
  readonly orders: readonly OrderRow[];
  readonly positions: readonly PositionRow[];
  /** Not over. */
  readonly groups: readonly GroupRow[];
  readonly groupCounts: GroupTotals;
  readonly plugins: readonly PluginRow[];
  readonly strategies: readonly StrategyReport[];
  readonly risk: readonly RiskRow[];
  readonly refusals: readonly { readonly code: string; readonly count: number }[];
  /** Newest first. */
  readonly notices: readonly ShownNotice[];
}
