/**
 * What the alerts need to know of the host: every second one record of how things are, and what happened since the last
 * one. Plain data that can be posted from thread to thread; the host makes it (core/host/alert_observer.ts).
 */
import type { Facts } from "../model/journal_entry.ts";
import type { ScopeLimits, TradingState } from "../model/risk_limits.ts";
import type { ConnectionState } from "../model/venue_health.ts";

export interface VenueObservation {
  readonly venue: string;
  /** Its adapter runs. */
  readonly isStarted: boolean;
  /** Undefined before its adapter has said anything. */
  readonly marketData: ConnectionState | undefined;
  /** Undefined where there is none. */
  readonly privateStream: ConnectionState | undefined;
  /** Since the last frame of any kind; NaN while that is not known. */
  readonly heartbeatAgeMs: number;
  readonly updatesPerSecond: number;
  /** Mean of receive time − venue time; NaN while that is not known. */
  readonly averageLatencyMs: number;
}

/** An instrument that has had a quote. */
export interface QuoteObservation {
  readonly instrument: string;
  readonly venue: string;
  readonly ageMs: number;
}

export interface ScopeObservation {
  /** As `scopeName` gives it. */
  readonly scope: string;
  readonly state: TradingState;
  readonly reason: string;
  readonly limits: ScopeLimits;
  readonly grossExposureUsd: number;
  readonly netExposureUsd: number;
  /** Of the instrument whose position is worth most. */
  readonly largestPositionUsd: number;
  readonly openOrders: number;
  readonly todayUsd: number;
  readonly drawdownUsd: number;
  readonly consecutiveLosses: number;
}

/** A leg group of which one leg is ahead of the other, or that waits for the operator. */
export interface BrokenGroupObservation {
  readonly plugin: string;
  readonly group: string;
  readonly legs: string;
  readonly nakedUsd: number;
  readonly nakedMs: number;
  readonly isHalted: boolean;
}

export interface PluginObservation {
  readonly plugin: string;
  /** Of its life cycle: `running`, `backing_off`, `quarantined`, … */
  readonly state: string;
  readonly why: string;
}

/** Sums of this run over everything, USD. */
export interface TotalsObservation {
  /** Realized + unrealized − fees − funding. */
  readonly totalUsd: number;
  readonly feesUsd: number;
  readonly fundingUsd: number;
  readonly drawdownUsd: number;
  readonly refusals: number;
}

export type Happening =
  | {
    readonly kind: "fill";
    readonly plugin: string;
    readonly instrument: string;
    readonly side: "buy" | "sell";
    readonly price: number;
    readonly sizeBase: number;
  }
  /** A plugin's position after a fill; `netUsd` is realized − fees − funding of it since ever. */
  | {
    readonly kind: "position";
    readonly plugin: string;
    readonly instrument: string;
    readonly isFlat: boolean;
    readonly netUsd: number;
  }
  | {
    readonly kind: "opportunity";
    readonly plugin: string;
    readonly symbol: string;
    readonly words: string;
    readonly netBps: number;
    readonly isTaken: boolean;
  }
  /** A plugin's process ended by itself or was killed; it may run again before anybody looks. */
  | { readonly kind: "plugin_ended"; readonly plugin: string; readonly why: string }
  /** What the engine told people. */
  | {
    readonly kind: "notice";
    readonly severity: "info" | "warning" | "critical";
    readonly code: string;
    readonly text: string;
    readonly facts: Facts;
  };

export interface Observation {
  /** Never goes back. */
  readonly monotonicMs: number;
  /** Since the epoch. */
  readonly tsMs: number;
  readonly venues: readonly VenueObservation[];
  readonly quotes: readonly QuoteObservation[];
  readonly scopes: readonly ScopeObservation[];
  readonly brokenGroups: readonly BrokenGroupObservation[];
  readonly plugins: readonly PluginObservation[];
  readonly totals: TotalsObservation;
  /** How late the host's timer ran. */
  readonly loopDelayMs: number;
  /** Oldest first. */
  readonly happenings: readonly Happening[];
  /** Happenings beyond what is kept between two observations. */
  readonly lostHappenings: number;
}
