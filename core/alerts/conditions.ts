/** The rules about what lasts: pure functions from one observation to what they find about each subject. */
import { usdText } from "../terminal/formats.ts";
import { type AlertSeverity, type ConditionRule, durationText, ruleSeverities } from "./alert.ts";
import { type LimitUsage, limitUsages } from "./limit_usage.ts";
import type { Observation, PluginObservation, VenueObservation } from "./observation.ts";
import type { AlertThresholds } from "./settings.ts";

/** `unknown`: nobody can say now, so what was known stays. */
export type Finding =
  | { readonly kind: "bad"; readonly severity: AlertSeverity; readonly text: string }
  | { readonly kind: "good" }
  | { readonly kind: "unknown" };

export interface SubjectFinding {
  readonly rule: ConditionRule;
  readonly subject: string;
  readonly finding: Finding;
}

const good: Finding = { kind: "good" };
const unknown: Finding = { kind: "unknown" };

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** One finding for each rule and subject that is there; a subject that is not named any more is well. */
export function conditionsOf(
  observation: Observation,
  thresholds: AlertThresholds,
  failingChannels: readonly FailingChannel[],
): readonly SubjectFinding[] {
  return [
    ...observation.venues.flatMap((venue) => venueFindings(venue, thresholds)),
    ...quoteFindings(observation, thresholds),
    ...observation.scopes.flatMap((scope) => [
      { rule: "trading_state" as const, subject: scope.scope, finding: stateFinding(scope) },
      ...limitUsages(scope).map((usage) => ({
        rule: "limit_near" as const,
        subject: `${scope.scope} ${usage.name}`,
        finding: limitFinding(scope.scope, usage, thresholds.limitShare),
      })),
    ]),
    ...groupFindings(observation),
    ...observation.plugins.map((plugin) => ({
      rule: "plugin_down" as const,
      subject: plugin.plugin,
      finding: pluginFinding(plugin, endOf(observation, plugin)),
    })),
    { rule: "host_slow", subject: "host", finding: slownessFinding(observation, thresholds) },
    ...failingChannels.map(({ channel, why }) => ({
      rule: "channel_failing" as const,
      subject: channel,
      finding: bad("channel_failing", `alert channel ${channel} does not deliver: ${why}`),
    })),
  ];
}

export interface FailingChannel {
  readonly channel: string;
  readonly why: string;
}

const bad = (rule: ConditionRule, text: string, severity = ruleSeverities[rule]): Finding => ({
  kind: "bad",
  severity,
  text,
});

/** While a venue is gone, its silence is no news of its own. */
const isUp = ({ isStarted, marketData }: VenueObservation): boolean =>
  isStarted && marketData === "connected";

function venueFindings(venue: VenueObservation, thresholds: AlertThresholds): readonly SubjectFinding[] {
  const { venue: name, heartbeatAgeMs, averageLatencyMs, updatesPerSecond } = venue;
  const { maxHeartbeatAgeMs, maxAverageLatencyMs, minUpdatesPerSecond } = thresholds;
  const measured = (rule: ConditionRule, value: number, isBad: boolean, text: string): SubjectFinding => ({
    rule,
    subject: name,
    finding: !isUp(venue) || Number.isNaN(value) ? unknown : isBad ? bad(rule, text) : good,
  });
  return [
    { rule: "venue_disconnected", subject: name, finding: connectionFinding(venue) },
    // Told of a connection that calls itself connected, and of one that is being made again.
    {
      rule: "heartbeat_stale",
      subject: name,
      finding: !venue.isStarted || Number.isNaN(heartbeatAgeMs)
        ? unknown
        : heartbeatAgeMs > maxHeartbeatAgeMs
        ? bad(
          "heartbeat_stale",
          `${name} heartbeat stale: nothing was heard for ${seconds(heartbeatAgeMs)} (limit ${
            seconds(maxHeartbeatAgeMs)
          })`,
        )
        : good,
    },
    measured(
      "latency_high",
      averageLatencyMs,
      averageLatencyMs > maxAverageLatencyMs,
      `${name} latency high: ${averageLatencyMs.toFixed(0)} ms on average (limit ${maxAverageLatencyMs} ms)`,
    ),
    measured(
      "update_rate_low",
      updatesPerSecond,
      updatesPerSecond < minUpdatesPerSecond,
      `${name} update rate low: ${updatesPerSecond.toFixed(2)} updates/s (at least ${minUpdatesPerSecond}/s)`,
    ),
  ];
}

function connectionFinding({ venue, isStarted, marketData, privateStream }: VenueObservation): Finding {
  const rule = "venue_disconnected";
  if (!isStarted) return bad(rule, `${venue} disconnected: its adapter does not run`);
  if (marketData !== "connected") {
    return bad(rule, `${venue} disconnected: market data is ${marketData ?? "silent"}`);
  }
  return privateStream === undefined || privateStream === "connected"
    ? good
    : bad(rule, `${venue} disconnected: the account's stream is ${privateStream}`);
}

function quoteFindings(
  { quotes, venues }: Observation,
  { maxQuoteAgeMs }: AlertThresholds,
): readonly SubjectFinding[] {
  const down = new Set(venues.filter((venue) => !isUp(venue)).map(({ venue }) => venue));
  return quotes.map(({ instrument, venue, ageMs }) => ({
    rule: "quote_stale",
    subject: instrument,
    finding: down.has(venue) || Number.isNaN(ageMs) ? unknown : ageMs > maxQuoteAgeMs
      ? bad(
        "quote_stale",
        `${instrument} quote stale: ${seconds(ageMs)} old (limit ${seconds(maxQuoteAgeMs)})`,
      )
      : good,
  }));
}

function stateFinding({ scope, state, reason }: Observation["scopes"][number]): Finding {
  if (state === "active") return good;
  const why = reason === "" ? "" : `: ${reason}`;
  return bad(
    "trading_state",
    `trading of ${scope} is ${state}${why}`,
    state === "halted" ? "critical" : "warning",
  );
}

function limitFinding(scope: string, { name, value, limit }: LimitUsage, share: number): Finding {
  if (!(value >= share * limit)) return good;
  const figure = (number: number): string => name.endsWith("Usd") ? `${usdText(number)} USD` : String(number);
  const percent = Math.floor((value / limit) * 100);
  return bad(
    "limit_near",
    `${scope}: ${name} is used to ${percent} % (${figure(value)} of ${figure(limit)})`,
  );
}

/** By plugin: its groups come and go. What was broken and mended between two observations was told by the engine. */
function groupFindings({ brokenGroups, happenings }: Observation): readonly SubjectFinding[] {
  const worst = new Map<string, Finding & { readonly kind: "bad" }>();
  const add = (plugin: string, severity: AlertSeverity, text: string): void => {
    const known = worst.get(plugin);
    if (known === undefined || (known.severity !== "critical" && severity === "critical")) {
      worst.set(plugin, { kind: "bad", severity, text });
    }
  };
  for (const { plugin, group, legs, nakedUsd, nakedMs, isHalted } of brokenGroups) {
    const naked = Number.isNaN(nakedUsd)
      ? ""
      : `, ${usdText(nakedUsd)} USD naked for ${durationText(nakedMs)}`;
    if (isHalted) {
      add(plugin, "critical", `leg group ${group} of ${plugin} needs the operator (${legs}${naked})`);
    } else add(plugin, "warning", `leg group ${group} of ${plugin} is broken (${legs}${naked})`);
  }
  for (const happening of happenings) {
    if (happening.kind !== "notice" || !brokenGroupCodes.has(happening.code)) continue;
    const { severity, text, facts } = happening;
    add(String(facts.plugin ?? "host"), severity === "critical" ? "critical" : "warning", text);
  }
  return [...worst].map(([subject, finding]) => ({ rule: "group_broken", subject, finding }));
}

const brokenGroupCodes: ReadonlySet<string> = new Set([
  "GROUP_BROKEN",
  "GROUP_NAKED_TOO_LONG",
  "GROUP_HALTED",
]);

/** Why the plugin's process ended since the last observation; undefined when it did not. */
const endOf = ({ happenings }: Observation, { plugin }: PluginObservation): string | undefined =>
  happenings.flatMap((one) => one.kind === "plugin_ended" && one.plugin === plugin ? [one.why] : []).at(-1);

function pluginFinding({ plugin, state, why }: PluginObservation, endedWhy: string | undefined): Finding {
  const because = why === "" ? "" : `: ${why}`;
  switch (state) {
    case "backing_off":
      return restarting(plugin, why);
    case "quarantined":
      return bad("plugin_down", `plugin ${plugin} is quarantined${because}`, "critical");
    case "broken":
      return bad("plugin_down", `plugin ${plugin} can't be started${because}`, "critical");
    case "probing":
    case "starting":
    case "stopping":
      return endedWhy === undefined ? unknown : restarting(plugin, endedWhy);
    default: // it runs, or somebody wants it not to
      return endedWhy === undefined ? good : restarting(plugin, endedWhy);
  }
}

const restarting = (plugin: string, why: string): Finding =>
  bad("plugin_down", `plugin ${plugin} was ended and is started again${why === "" ? "" : `: ${why}`}`);

function slownessFinding({ loopDelayMs }: Observation, { maxLoopDelayMs }: AlertThresholds): Finding {
  return loopDelayMs > maxLoopDelayMs
    ? bad(
      "host_slow",
      `the host runs late: its timer by ${loopDelayMs.toFixed(0)} ms (limit ${maxLoopDelayMs} ms)`,
    )
    : good;
}
