/** What an alert is: a rule, whom or what it is about, how bad it is, and what people are told of it. */

/** Worst last. */
export const alertSeverities = ["notice", "warning", "critical"] as const;
export type AlertSeverity = (typeof alertSeverities)[number];

/** Whether `a` is at least as bad as `b`. */
export const isAtLeast = (a: AlertSeverity, b: AlertSeverity): boolean =>
  alertSeverities.indexOf(a) >= alertSeverities.indexOf(b);

export const worseOf = (a: AlertSeverity, b: AlertSeverity): AlertSeverity => isAtLeast(a, b) ? a : b;

/** Rules about what lasts: raised when it begins, resolved when it ends. */
export const conditionRules = [
  "venue_disconnected",
  "heartbeat_stale",
  "quote_stale",
  "latency_high",
  "update_rate_low",
  "trading_state",
  "limit_near",
  "group_broken",
  "plugin_down",
  "host_slow",
  "channel_failing",
] as const;
export type ConditionRule = (typeof conditionRules)[number];

/** Rules about what happens: told once, and gathered while the rule cools down. */
export const eventRules = [
  "reconciliation_difference",
  "critical_notice",
  "opportunity",
  "fill",
  "daily_summary",
] as const;
export type EventRule = (typeof eventRules)[number];

export const alertRules = [...conditionRules, ...eventRules] as const;
export type AlertRule = (typeof alertRules)[number];

/** How bad each rule's alerts are, unless the rule itself knows worse or the configuration says otherwise. */
export const ruleSeverities: Readonly<Record<AlertRule, AlertSeverity>> = {
  venue_disconnected: "critical",
  heartbeat_stale: "warning",
  quote_stale: "notice",
  latency_high: "notice",
  update_rate_low: "warning",
  trading_state: "warning",
  limit_near: "warning",
  group_broken: "warning",
  plugin_down: "warning",
  host_slow: "warning",
  channel_failing: "warning",
  reconciliation_difference: "warning",
  critical_notice: "critical",
  opportunity: "notice",
  fill: "notice",
  daily_summary: "notice",
};

/** What people are told, once. */
export interface AlertNote {
  /** The same for every attempt to deliver it: a receiver that has seen it drops it. */
  readonly id: string;
  readonly kind: "raised" | "resolved" | "event" | "test";
  readonly rule: AlertRule | "test";
  /** A venue, instrument, scope, plugin or channel. */
  readonly subject: string;
  readonly severity: AlertSeverity;
  /** A sentence or a few lines. Parts of it may come from plugins and venues: each channel makes it harmless. */
  readonly text: string;
  readonly tsMs: number;
  /** Of what is resolved: how long it lasted. */
  readonly lastedMs: number | undefined;
}

/** Which host speaks. */
export interface AlertSender {
  /** As the operator calls it. */
  readonly name: string;
  readonly environment: string;
}

/** `[critical] berth sim` */
export function headlineOf(note: AlertNote, sender: AlertSender): string {
  const word = note.kind === "resolved" ? "resolved" : note.kind === "test" ? "test" : note.severity;
  return `[${word}] ${sender.name} ${sender.environment}`;
}

/** `2 min 5 s`: at most two units, whole seconds. */
export function durationText(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000));
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return "0 s";
  return parts.slice(first, first + 2).filter(([count]) => count > 0).map(([count, unit]) =>
    `${count} ${unit}`
  )
    .join(" ");
}
