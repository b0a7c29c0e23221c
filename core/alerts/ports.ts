/** What goes between the host and the alerts' thread: plain data that can be posted. */
import type { AlertNote, AlertRule, AlertSender, AlertSeverity } from "./alert.ts";
import type { ActiveAlert } from "./alert_book.ts";
import type { ChannelStatus } from "./channel_queue.ts";
import type { ChannelSettings } from "./channels/settings.ts";
import type { DailyTotals } from "./daily_summary.ts";
import type { Observation } from "./observation.ts";
import type { AlertSettings } from "./settings.ts";

export interface AlertsStart {
  readonly runId: string;
  readonly sender: AlertSender;
  readonly settings: AlertSettings;
  /** With their secrets. */
  readonly channels: readonly ChannelSettings[];
  /** As the run before left it. */
  readonly day: DailyTotals | undefined;
}

/** How often people were told, since the start. */
export interface ToldCount {
  readonly rule: AlertRule;
  readonly severity: AlertSeverity;
  readonly kind: AlertNote["kind"];
  readonly count: number;
}

/** The alerts as the console shows them. */
export interface AlertStatus {
  readonly settings: AlertSettings;
  readonly active: readonly ActiveAlert[];
  /** Newest first. */
  readonly recent: readonly AlertNote[];
  readonly told: readonly ToldCount[];
  readonly channels: readonly ChannelStatus[];
}

export type ToAlerts =
  | { readonly kind: "start"; readonly start: AlertsStart }
  /** Answered by `observed`; the host sends the next one only then. */
  | { readonly kind: "observe"; readonly observation: Observation }
  /** Sends what waits, for so long at most. */
  | { readonly kind: "stop"; readonly withinMs: number };

export type FromAlerts =
  | {
    readonly kind: "observed";
    /** What people are to be told now; the channels have it already. */
    readonly notes: readonly AlertNote[];
    readonly status: AlertStatus;
    readonly day: DailyTotals | undefined;
  }
  | { readonly kind: "stopped"; readonly status: AlertStatus };
