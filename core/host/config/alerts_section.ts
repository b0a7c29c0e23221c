/** The section `alerts` of the configuration: rules, and the channels by which people are told. */
import * as v from "valibot";
import { resolve } from "node:path";
import { type AlertRule, alertRules, alertSeverities, ruleSeverities } from "../../alerts/alert.ts";
import { defaultAfterMs, defaultCooldownMs, defaultThresholds } from "../../alerts/settings.ts";
import { choice, describe, matching, numberBetween, record, text, truth, wholeBetween } from "./fields.ts";

const dayMs = 86_400_000;

/** What every rule has. */
const common = (rule: AlertRule) => ({
  enabled: v.optional(v.pipe(truth(), describe("false: nobody is told of it. Default true.")), true),
  severity: v.optional(
    v.pipe(
      choice(["own", ...alertSeverities]),
      describe(`own: "${ruleSeverities[rule]}", or worse as it finds. Default "own".`),
    ),
    "own",
  ),
  cooldownMs: v.optional(
    v.pipe(
      wholeBetween(0, dayMs),
      describe(
        `After a note about a subject the next one waits this long, unless it is worse. Default ${
          defaultCooldownMs(rule)
        }.`,
      ),
    ),
    defaultCooldownMs(rule),
  ),
});

const condition = (rule: AlertRule) => ({
  ...common(rule),
  afterMs: v.optional(
    v.pipe(
      wholeBetween(0, dayMs),
      describe(`It must last this long before it is told. Default ${defaultAfterMs(rule)}.`),
    ),
    defaultAfterMs(rule),
  ),
});

const threshold = (name: keyof typeof defaultThresholds, min: number, max: number, words: string) =>
  v.optional(
    v.pipe(numberBetween(min, max), describe(`${words} Default ${defaultThresholds[name]}.`)),
    defaultThresholds[name],
  );

const rule = <const T extends v.ObjectEntries>(entries: T, words: string) =>
  v.pipe(v.strictObject(entries, record("settings of a rule")), describe(words));

const rulesSchema = v.strictObject({
  venue_disconnected: v.optional(
    rule(condition("venue_disconnected"), "A venue's market data or account stream is not connected."),
    {},
  ),
  heartbeat_stale: v.optional(
    rule({
      ...condition("heartbeat_stale"),
      maxAgeMs: threshold("maxHeartbeatAgeMs", 100, dayMs, "Since the last frame of any kind, ms."),
    }, "Nothing was heard of a venue for too long."),
    {},
  ),
  quote_stale: v.optional(
    rule({
      ...condition("quote_stale"),
      maxAgeMs: threshold("maxQuoteAgeMs", 100, dayMs, "Age of an instrument's newest quote, ms."),
    }, "The newest quote of an instrument is old."),
    {},
  ),
  latency_high: v.optional(
    rule({
      ...condition("latency_high"),
      maxAverageMs: threshold("maxAverageLatencyMs", 1, 600_000, "Mean of receive time less venue time, ms."),
    }, "A venue's quotes take long."),
    {},
  ),
  update_rate_low: v.optional(
    rule({
      ...condition("update_rate_low"),
      minPerSecond: threshold("minUpdatesPerSecond", 0, 1e6, "Updates of a venue a second."),
    }, "A venue that is connected says little."),
    {},
  ),
  trading_state: v.optional(rule(condition("trading_state"), "A scope is reducing or halted."), {}),
  limit_near: v.optional(
    rule({
      ...condition("limit_near"),
      share: threshold("limitShare", 0.01, 1, "Share of the limit that is used."),
    }, "A risk limit is nearly used up."),
    {},
  ),
  group_broken: v.optional(rule(condition("group_broken"), "One leg of a group is ahead of the other."), {}),
  plugin_down: v.optional(
    rule(condition("plugin_down"), "A plugin was killed, crashed, or is quarantined."),
    {},
  ),
  host_slow: v.optional(
    rule({
      ...condition("host_slow"),
      maxDelayMs: threshold("maxLoopDelayMs", 1, 60_000, "How late the host's timer may run, ms."),
    }, "The host itself runs late."),
    {},
  ),
  channel_failing: v.optional(
    rule(condition("channel_failing"), "A channel does not deliver; told by the others."),
    {},
  ),
  reconciliation_difference: v.optional(
    rule(common("reconciliation_difference"), "A venue's word about the account differs from ours."),
    {},
  ),
  critical_notice: v.optional(
    rule(
      common("critical_notice"),
      "Any other critical notice of the host, such as a kill that left something.",
    ),
    {},
  ),
  opportunity: v.optional(
    rule({
      ...common("opportunity"),
      minBps: threshold("minOpportunityBps", -10_000, 100_000, "Net edge, bps."),
    }, "A strategy told of an opportunity."),
    {},
  ),
  fill: v.optional(rule(common("fill"), "An order was filled."), {}),
  daily_summary: v.optional(
    rule({
      ...common("daily_summary"),
      at: v.optional(
        v.pipe(
          matching(/^([01]\d|2[0-3]):[0-5]\d$/, "a time of day such as 07:30"),
          describe('Time of day, UTC. Default "00:00".'),
        ),
        "00:00",
      ),
    }, "What the day came to."),
    {},
  ),
}, record("rules"));

const secretName = (fallback: string, words: string) =>
  v.optional(
    v.pipe(
      matching(/^[A-Z][A-Z0-9_]{2,79}$/, "a name such as TELEGRAM_BOT_TOKEN"),
      describe(`Name in the environment or .env of ${words} Default ${fallback}.`),
    ),
    fallback,
  );
const address = () => matching(/^[^\s@<>,;"]{1,64}@[^\s@<>,;"]{1,255}$/, "an address such as me@example.com");

const route = {
  enabled: v.optional(v.pipe(truth(), describe("false: nothing is sent there. Default true.")), true),
  leastSeverity: v.optional(
    v.pipe(choice(alertSeverities), describe('Least severity that is sent there. Default "notice".')),
    "notice",
  ),
  without: v.optional(
    v.pipe(
      v.array(choice(alertRules), "a list of rules"),
      describe("Rules whose notes are not sent there. Default none."),
    ),
    [],
  ),
};

const telegram = v.strictObject({
  kind: v.literal("telegram"),
  ...route,
  chatId: v.pipe(
    matching(/^(-?\d{1,20}|@[A-Za-z]\w{4,31})$/, 'a chat id such as "123456789" or "@my_channel"'),
    describe("Chat, group (negative) or @channel that the bot may write to."),
  ),
  tokenSecret: secretName("TELEGRAM_BOT_TOKEN", "the bot's token."),
  apiUrl: v.optional(
    v.pipe(
      text("an address"),
      v.url("an address such as https://api.telegram.org"),
      describe("For a Bot API server of your own. Default https://api.telegram.org."),
    ),
    "https://api.telegram.org",
  ),
}, record("settings of a Telegram channel"));
const discord = v.strictObject({
  kind: v.literal("discord"),
  ...route,
  urlSecret: secretName("DISCORD_WEBHOOK_URL", "the webhook's address."),
}, record("settings of a Discord channel"));
const slack = v.strictObject({
  kind: v.literal("slack"),
  ...route,
  urlSecret: secretName("SLACK_WEBHOOK_URL", "the webhook's address."),
}, record("settings of a Slack channel"));
const webhook = v.strictObject({
  kind: v.literal("webhook"),
  ...route,
  urlSecret: secretName("ALERT_WEBHOOK_URL", "the webhook's address."),
  keySecret: secretName("ALERT_WEBHOOK_KEY", "the key that signs: whsec_ and 24 to 64 bytes in base64."),
}, record("settings of a webhook"));
const email = v.strictObject({
  kind: v.literal("email"),
  ...route,
  host: v.pipe(matching(/^[A-Za-z0-9.:-]{1,253}$/, "a host name"), describe("SMTP server.")),
  port: v.optional(v.pipe(wholeBetween(1, 65_535), describe("Default 587.")), 587),
  security: v.optional(
    v.pipe(
      choice(["starttls", "tls", "none"]),
      describe(
        'tls from the first byte (port 465), or starttls, without which nothing is sent. none: only for a server on this machine. Default "starttls".',
      ),
    ),
    "starttls",
  ),
  user: v.exactOptional(v.pipe(text("a user name"), describe("Without it there is no login."))),
  passwordSecret: secretName("SMTP_PASSWORD", "the password; only read when there is a user."),
  from: v.pipe(address(), describe("Sender.")),
  to: v.pipe(
    v.array(address(), "a list of addresses"),
    v.nonEmpty("at least one address"),
    v.maxLength(20, "at most 20 addresses"),
    describe("Receivers."),
  ),
  trustedCertificatesFile: v.exactOptional(
    v.pipe(
      text("a path"),
      describe("PEM file of certificates to trust instead of the system's, for a server of your own."),
    ),
  ),
}, record("settings of an e-mail channel"));

export const alertsSchema = v.strictObject({
  enabled: v.optional(
    v.pipe(truth(), describe("false: no rule is watched and nobody is told. Default true.")),
    true,
  ),
  name: v.optional(
    v.pipe(
      matching(/^[\w .-]{1,40}$/, "a name of at most 40 letters, digits, blanks, dots, dashes"),
      describe('How this host calls itself in notes. Default "berth".'),
    ),
    "berth",
  ),
  rules: v.optional(v.pipe(rulesSchema, describe("By rule; unnamed ones keep their defaults.")), {}),
  channels: v.optional(
    v.pipe(
      v.record(
        matching(/^[a-z][a-z0-9_]{0,31}$/, "a name of your own such as phone"),
        v.variant(
          "kind",
          [telegram, discord, slack, webhook, email],
          'a channel whose kind is "telegram", "discord", "slack", "webhook" or "email"',
        ),
        record("channels by name"),
      ),
      describe(
        "Where notes are sent, by a name of your own. Without any they are in log, display and console.",
      ),
    ),
    {},
  ),
}, record("alert settings"));

export type AlertsConfig = v.InferOutput<typeof alertsSchema>;
/** Paths in it start at the configuration's folder. */
export function withAbsolutePaths(alerts: AlertsConfig, folder: string): AlertsConfig {
  const channels = Object.entries(alerts.channels).map(([name, channel]) => {
    if (channel.kind !== "email" || channel.trustedCertificatesFile === undefined) {
      return [name, channel] as const;
    }
    const trustedCertificatesFile = resolve(folder, channel.trustedCertificatesFile);
    return [name, { ...channel, trustedCertificatesFile }] as const;
  });
  return { ...alerts, channels: Object.fromEntries(channels) };
}

export type ChannelConfig = AlertsConfig["channels"][string];
