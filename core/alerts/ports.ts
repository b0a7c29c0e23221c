/** What goes between the host and the alerts' thread: plain data that can be posted. */
import type { AlertNote, AlertRule, AlertSender, AlertSeverity } from "./alert.ts";
import type { ActiveAlert } from "./alert_book.ts";
import type { ChannelStatus } from "./channel_queue.ts";
import type { ChannelSettings } from "./channels/settings.ts";
import type { DailyTotals } from "./daily_summary.ts";
import type { Observation } from "./observation.ts";
import type { AlertSettings } from "./settings.ts";

/** What can change while the thread runs. */
export interface AlertsSetup {
  readonly sender: AlertSender;
  readonly settings: AlertSettings;
  /** With their secrets. */
  readonly channels: readonly ChannelSettings[];
}

export interface AlertsStart extends AlertsSetup {
  /** First part of every note's id: another one for each start of the thread. */
  readonly runId: string;
  /** As the run before left it. */
  readonly day: DailyTotals | undefined;
  /** What a thread before this one had counted when it ended; undefined for the first of a run. */
  readonly before: Pick<AlertStatus, "recent" | "told" | "channels"> | undefined;
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

/** Whether somebody watches: off by the configuration, about to, or ended by a failure and about to begin again. */
export const watchStates = ["off", "starting", "watching", "restarting"] as const;
export interface AlertsWatch {
  readonly state: (typeof watchStates)[number];
  /** Of the thread, after failures. */
  readonly restarts: number;
  /** Of the newest failure; empty before the first. */
  readonly why: string;
}

/** What the host knows of its alerts. */
export interface AlertsReport {
  readonly watch: AlertsWatch;
  /** The newest; undefined before the first answer. */
  readonly status: AlertStatus | undefined;
}

/** Where the host has no alerts: a replay, a start without strategies. */
export const noAlerts: AlertsReport = { watch: { state: "off", restarts: 0, why: "" }, status: undefined };

export type ToAlerts =
  | { readonly kind: "start"; readonly start: AlertsStart }
  /** What is raised stays raised; channels that stay as they are go on. */
  | { readonly kind: "change"; readonly setup: AlertsSetup }
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
