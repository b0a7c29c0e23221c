/** `berth alerts list`, `berth alerts reload` and `berth alerts test`. */
import { resolve } from "node:path";
import type { AlertNote } from "../alerts/alert.ts";
import type { Delivery } from "../alerts/channels/channel.ts";
import { makeChannel } from "../alerts/channels/make_channel.ts";
import type { ChannelSettings } from "../alerts/channels/settings.ts";
import { alertChangesSchema, alertsOf, type AlertsResource, alertsSchema } from "../console/alerts.ts";
import { noAlerts } from "../alerts/ports.ts";
import { BerthError } from "../errors.ts";
import { alertSettings, readChannels } from "../host/alerts/alert_settings.ts";
import type { AlertsConfig } from "../host/config/alerts_section.ts";
import { exitCodes } from "../host/config/options.ts";
import { readSecrets, type Secrets } from "../host/config/secrets.ts";
import type { Clock } from "../model/clock.ts";
import type { AlertsOptions } from "./alerts_options.ts";
import { connectHost } from "./host_client.ts";
import { type Place, readPlace } from "./place.ts";

export interface AlertsSurroundings {
  readonly workingFolder: string;
  readonly write: (text: string) => void;
  readonly clock: Clock;
}

/**
 * Carries out one command of `berth alerts`. @returns the exit code: 1 when a tried channel did not deliver
 *
 * @throws {BerthError} HOST_UNREACHABLE, ALERT_CHANNEL_UNKNOWN
 */
export async function runAlertsCommand(options: AlertsOptions, around: AlertsSurroundings): Promise<number> {
  const place = await readPlace(options, around.workingFolder);
  if (options.act.kind === "reload") {
    const host = await connectHost(place);
    const { changes } = await host.post("/alerts/reload", {}, alertChangesSchema);
    const words = changes.length === 0 ? ["Nothing changed."] : changes;
    around.write(options.asJson ? `${JSON.stringify({ changes })}\n` : `${words.join("\n")}\n`);
    return exitCodes.ok;
  }
  if (options.act.kind === "list") {
    const listed = await alertsNow(place);
    around.write(options.asJson ? `${JSON.stringify(listed)}\n` : listText(listed));
    return exitCodes.ok;
  }
  const secrets = await readSecrets(resolve(around.workingFolder, ".env"), Deno.env);
  const trials = await tryChannels(place, options.act.channels, secrets, around.clock);
  const isDelivered = trials.every((trial) => trial.isDelivered);
  around.write(options.asJson ? `${JSON.stringify({ isDelivered, channels: trials })}\n` : trialText(trials));
  return isDelivered ? exitCodes.ok : exitCodes.failure;
}

/** Of the host that runs; without one, what the configuration says would be watched. */
async function alertsNow(place: Place): Promise<AlertsResource> {
  try {
    const host = await connectHost(place);
    return await host.get("/alerts", alertsSchema);
  } catch (error) {
    if (!(error instanceof BerthError) || error.code !== "HOST_NOT_RUNNING") throw error;
  }
  const { alerts } = place.config;
  const counts = { failuresInARow: 0, queued: 0, sent: 0, failed: 0, limited: 0, dropped: 0 };
  return alertsOf(noAlerts.watch, {
    settings: alertSettings(alerts),
    active: [],
    recent: [],
    channels: Object.entries(alerts.channels).filter(([, { enabled }]) => enabled).map((
      [name, { kind }],
    ) => ({
      name,
      kind,
      circuit: "closed",
      why: "",
      lastSentMs: undefined,
      ...counts,
    })),
  });
}

function listText({ isWatching, watch, rules, active, channels }: AlertsResource): string {
  const seconds = (ms: number): string => `${ms / 1000} s`;
  return [
    watch.state === "watching" ? "" : nobodyWatches[watch.state],
    watch.why === ""
      ? ""
      : `The alerts ended and were begun anew ${watch.restarts} times; last: ${watch.why}\n`,
    ...rules.map(({ rule, severity, isEnabled, afterMs, cooldownMs, active: count }) => {
      const state = !isEnabled ? "off" : count > 0 ? `RAISED ${count}` : isWatching ? "quiet" : "on";
      const timing = `after ${seconds(afterMs)}, again after ${seconds(cooldownMs)}`;
      return `${rule.padEnd(26)} ${severity.padEnd(9)} ${state.padEnd(9)} ${timing}\n`;
    }),
    ...active.map(({ severity, text, sinceMs }) =>
      `${severity}: ${text} (since ${new Date(sinceMs).toISOString().slice(0, 19)}Z)\n`
    ),
    ...channels.map(({ name, kind, circuit, sent, queued, dropped, why }) => {
      const state = circuit === "open" ? "FAILING" : why === "" ? "ok" : "troubled";
      const counts = `${sent} sent, ${queued} waiting, ${dropped} dropped`;
      return `channel ${name} (${kind}): ${isWatching ? `${state}, ${counts}` : "configured"}${
        why === "" ? "" : `; ${why}`
      }\n`;
    }),
    channels.length === 0
      ? "No channel is configured: alerts are in log, display and console (docs/alerts.md).\n"
      : "",
  ].join("");
}

const nobodyWatches: Readonly<Record<Exclude<AlertsResource["watch"]["state"], "watching">, string>> = {
  off: "Nobody watches: no host runs here, or its alerts are off.\n",
  starting: "Nobody watches yet: the host has just begun.\n",
  restarting: "NOBODY WATCHES: the alerts ended by a failure, and will begin anew.\n",
};

interface Trial {
  readonly channel: string;
  readonly kind: string;
  readonly isDelivered: boolean;
  /** Empty when it was delivered. */
  readonly why: string;
}

async function tryChannels(
  { config: { alerts, environment } }: Place,
  named: readonly string[],
  secrets: Pick<Secrets, "get">,
  clock: Clock,
): Promise<readonly Trial[]> {
  const known = Object.keys(alerts.channels).join(", ");
  const unknown = named.find((name) => alerts.channels[name] === undefined);
  if (unknown !== undefined) throw new BerthError("ALERT_CHANNEL_UNKNOWN", { channel: unknown, known });
  const wanted = Object.entries(alerts.channels).filter(([name, { enabled }]) =>
    named.length === 0 ? enabled : named.includes(name)
  );
  if (wanted.length === 0) throw new BerthError("ALERT_CHANNEL_UNKNOWN", { channel: "to try", known });
  return await Promise.all(wanted.map(async ([channel, config]): Promise<Trial> => {
    const only = { ...alerts, channels: { [channel]: { ...config, enabled: true } } };
    const why = await whyNotDelivered(channel, only, environment, secrets, clock);
    return { channel, kind: config.kind, isDelivered: why === "", why };
  }));
}

/** Empty when the one channel of `alerts` delivered. */
async function whyNotDelivered(
  name: string,
  alerts: AlertsConfig,
  environment: string,
  secrets: Pick<Secrets, "get">,
  clock: Clock,
): Promise<string> {
  let channels: readonly ChannelSettings[];
  try {
    const secretOf = (secret: string): string | undefined => secrets.get(secret);
    ({ channels } = readChannels(alerts, { secretOf, readTextFile: Deno.readTextFileSync }));
  } catch (error) {
    if (error instanceof BerthError) return `${error.text.what} ${error.text.fix}`;
    throw error;
  }
  const [settings] = channels;
  if (settings === undefined) return "it is not configured";
  const epochMs = (): number => clock.epochMs();
  const channel = makeChannel(settings.target, { sender: { name: alerts.name, environment }, epochMs });
  const note: AlertNote = {
    id: `test-${crypto.randomUUID()}`,
    kind: "test",
    rule: "test",
    subject: name,
    severity: "notice",
    text: `This is a test of the alert channel ${name}. Nothing is wrong.`,
    tsMs: clock.epochMs(),
    lastedMs: undefined,
  };
  return whyNot(await channel.deliver(note, new AbortController().signal));
}

function whyNot(delivery: Delivery): string {
  switch (delivery.kind) {
    case "sent":
      return "";
    case "limited":
      return `the service asks to wait for ${Math.ceil(delivery.afterMs / 1000)} s`;
    case "sent_in_part":
    case "failed":
    case "rejected":
    case "misconfigured":
      return delivery.reason;
    default:
      return delivery satisfies never;
  }
}

const trialText = (trials: readonly Trial[]): string =>
  trials.map(({ channel, kind, isDelivered, why }) =>
    `${channel} (${kind}): ${isDelivered ? "delivered" : `NOT delivered: ${why}`}\n`
  ).join("");
