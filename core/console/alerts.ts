/** What the console says of the alerts: rules, what is wrong now, what people were told, and how the channels do. */
import * as v from "valibot";
import { alertRules, alertSeverities, ruleSeverities } from "../alerts/alert.ts";
import { type AlertsReport, type AlertStatus, watchStates } from "../alerts/ports.ts";
import { answerOf, type Endpoint, endpoint, type Handled } from "./endpoint.ts";
import type { HostPicture } from "./ports.ts";

const timeMs = v.pipe(v.number(), v.description("Milliseconds since the epoch."));
const severity = v.picklist(alertSeverities);

export const alertsSchema = v.object({
  isWatching: v.pipe(v.boolean(), v.description("false: nobody is told of anything; `watch` says why.")),
  watch: v.object({
    state: v.pipe(
      v.picklist(watchStates),
      v.description("off: by `alerts.enabled`, or no host runs. restarting: they ended, and begin anew."),
    ),
    restarts: v.pipe(v.number(), v.description("After failures.")),
    why: v.pipe(v.string(), v.description("Of the newest failure; empty before the first.")),
  }),
  rules: v.array(v.object({
    rule: v.picklist(alertRules),
    severity: v.pipe(severity, v.description("Least: some rules know worse.")),
    isEnabled: v.boolean(),
    afterMs: v.number(),
    cooldownMs: v.number(),
    active: v.pipe(v.number(), v.description("Subjects about which it is raised now.")),
  })),
  active: v.array(v.object({
    rule: v.picklist(alertRules),
    subject: v.string(),
    severity,
    text: v.string(),
    sinceMs: timeMs,
    isTold: v.pipe(v.boolean(), v.description("false while a cool-down holds the note back.")),
  })),
  recent: v.pipe(
    v.array(v.object({
      id: v.string(),
      kind: v.picklist(["raised", "resolved", "event", "test"]),
      rule: v.picklist([...alertRules, "test"]),
      subject: v.string(),
      severity,
      text: v.string(),
      tsMs: timeMs,
      lastedMs: v.nullable(v.number()),
    })),
    v.description("Newest first."),
  ),
  channels: v.array(v.object({
    name: v.string(),
    kind: v.string(),
    circuit: v.pipe(
      v.picklist(["closed", "open"]),
      v.description("open: it fails and is tried from time to time only."),
    ),
    failuresInARow: v.number(),
    why: v.pipe(v.string(), v.description("Of the newest failure; empty when the last attempt was good.")),
    queued: v.number(),
    sent: v.number(),
    failed: v.number(),
    limited: v.number(),
    dropped: v.number(),
    lastSentMs: v.nullable(timeMs),
  })),
});
export type AlertsResource = v.InferOutput<typeof alertsSchema>;

export function alerts({ alerts: { watch, status } }: Pick<HostPicture, "alerts">): AlertsResource {
  return alertsOf(watch, status);
}

/** Also without a host: what the configuration would have watched. */
export function alertsOf(
  watch: AlertsReport["watch"],
  status: Omit<AlertStatus, "told"> | undefined,
): AlertsResource {
  const known = { isWatching: watch.state === "watching", watch: { ...watch } };
  if (status === undefined) return { ...known, rules: [], active: [], recent: [], channels: [] };
  const { settings, active, recent, channels } = status;
  return {
    ...known,
    rules: alertRules.map((rule) => {
      const { isEnabled, severity, afterMs, cooldownMs } = settings.rules[rule];
      return {
        rule,
        severity: severity ?? ruleSeverities[rule],
        isEnabled,
        afterMs,
        cooldownMs,
        active: active.filter((one) => one.rule === rule).length,
      };
    }),
    active: [...active],
    recent: recent.map((note) => ({ ...note, lastedMs: note.lastedMs ?? null })),
    channels: channels.map((channel) => ({ ...channel, lastSentMs: channel.lastSentMs ?? null })),
  };
}

/** What an operator is answered who had the settings read anew. */
export const alertChangesSchema = v.object({
  changes: v.pipe(
    v.array(v.string()),
    v.description("What changed, in plain words; empty when nothing did."),
  ),
});

export const alertEndpoints: readonly Endpoint[] = [
  endpoint({
    id: "getAlerts",
    method: "GET",
    path: "/api/v1/alerts",
    tag: "host",
    summary: "Alert rules, what is wrong now, what people were told, and how the channels do.",
    answer: alertsSchema,
    handle: ({ picture }) => ({ answer: alerts(picture) }),
  }),
  endpoint({
    id: "reloadAlerts",
    method: "POST",
    path: "/api/v1/alerts/reload",
    tag: "host",
    summary:
      "Reads the alerts' settings and secrets anew, from the configuration file and .env; with faults nothing changes.",
    answer: alertChangesSchema,
    problems: [409, 422],
    handle: async (_, { command }): Promise<Handled<v.InferOutput<typeof alertChangesSchema>>> =>
      answerOf(await command({ kind: "reload_alerts" }), (value) => v.parse(alertChangesSchema, value)),
  }),
];
