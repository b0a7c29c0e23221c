/** What can be set of alerts. The configuration's schema (core/host/config/alerts_section.ts) fills in the defaults of this file. */
import { defaultQuoteThresholds } from "../model/quote_health.ts";
import { type AlertRule, type AlertSeverity, ruleSeverities } from "./alert.ts";

export interface RuleTiming {
  readonly isEnabled: boolean;
  /** In place of the rule's own; undefined leaves it. */
  readonly severity: AlertSeverity | undefined;
  /** A condition must last this long before it is told. */
  readonly afterMs: number;
  /** After a note about a subject the next one of the same rule about it waits this long, unless it is worse. */
  readonly cooldownMs: number;
}

/** Where each rule that measures draws its line. */
export interface AlertThresholds {
  readonly maxHeartbeatAgeMs: number;
  readonly maxQuoteAgeMs: number;
  readonly maxAverageLatencyMs: number;
  readonly minUpdatesPerSecond: number;
  /** Share of a limit: 0.8. */
  readonly limitShare: number;
  readonly minOpportunityBps: number;
  readonly maxLoopDelayMs: number;
  /** Minutes after midnight UTC. */
  readonly summaryMinuteUtc: number;
}

export interface AlertSettings {
  readonly rules: Readonly<Record<AlertRule, RuleTiming>>;
  readonly thresholds: AlertThresholds;
}

export const defaultThresholds: AlertThresholds = {
  ...defaultQuoteThresholds,
  limitShare: 0.8,
  minOpportunityBps: 50,
  maxLoopDelayMs: 250,
  summaryMinuteUtc: 0,
};

/** Streams reconnect, and groups are repaired, within moments; nobody is told of those. */
const afterMs: Readonly<Partial<Record<AlertRule, number>>> = {
  venue_disconnected: 2_000,
  quote_stale: 0,
  latency_high: 10_000,
  update_rate_low: 10_000,
  host_slow: 5_000,
};
const cooldownMs: Readonly<Partial<Record<AlertRule, number>>> = {
  quote_stale: 300_000,
  latency_high: 300_000,
  update_rate_low: 300_000,
  limit_near: 300_000,
  host_slow: 300_000,
  channel_failing: 300_000,
  daily_summary: 0,
};

export const defaultAfterMs = (rule: AlertRule): number => afterMs[rule] ?? 0;
export const defaultCooldownMs = (rule: AlertRule): number => cooldownMs[rule] ?? 60_000;

/** All rules on, with the timing that holds unless something else is set. */
export const defaultAlertSettings: AlertSettings = {
  rules: rulesBy((rule) => ({
    isEnabled: true,
    severity: undefined,
    afterMs: defaultAfterMs(rule),
    cooldownMs: defaultCooldownMs(rule),
  })),
  thresholds: defaultThresholds,
};

/** A record with one value for each rule. */
export function rulesBy<T>(valueOf: (rule: AlertRule) => T): Readonly<Record<AlertRule, T>> {
  return {
    venue_disconnected: valueOf("venue_disconnected"),
    heartbeat_stale: valueOf("heartbeat_stale"),
    quote_stale: valueOf("quote_stale"),
    latency_high: valueOf("latency_high"),
    update_rate_low: valueOf("update_rate_low"),
    trading_state: valueOf("trading_state"),
    limit_near: valueOf("limit_near"),
    group_broken: valueOf("group_broken"),
    plugin_down: valueOf("plugin_down"),
    host_slow: valueOf("host_slow"),
    channel_failing: valueOf("channel_failing"),
    reconciliation_difference: valueOf("reconciliation_difference"),
    critical_notice: valueOf("critical_notice"),
    opportunity: valueOf("opportunity"),
    fill: valueOf("fill"),
    daily_summary: valueOf("daily_summary"),
  };
}

/** As bad as the configuration says, or as the rule found. */
export const severityOf = (
  { rules }: AlertSettings,
  rule: AlertRule,
  found: AlertSeverity = ruleSeverities[rule],
): AlertSeverity => rules[rule].severity ?? found;
