/** The configuration's section: every setting has an effect, and the examples of docs/alerts.md are right. */
import { assert, assertEquals } from "@std/assert";
import { alertRules } from "../../../../core/alerts/alert.ts";
import { defaultAlertSettings } from "../../../../core/alerts/settings.ts";
import { alertSettings, readChannels } from "../../../../core/host/alerts/alert_settings.ts";
import { checkConfig, type HostConfig } from "../../../../core/host/config/config.ts";

function alertsOf(alerts: unknown): HostConfig["alerts"] {
  const checked = checkConfig({ alerts }, "/etc/berth");
  assert(checked.kind === "valid", JSON.stringify(checked));
  return checked.value.alerts;
}

Deno.test("without a word in the configuration the defaults hold", () => {
  assertEquals(alertSettings(alertsOf({})), defaultAlertSettings);
});

const thresholds = [
  ["heartbeat_stale", "maxAgeMs", 5_000, "maxHeartbeatAgeMs", 5_000],
  ["quote_stale", "maxAgeMs", 2_000, "maxQuoteAgeMs", 2_000],
  ["latency_high", "maxAverageMs", 99, "maxAverageLatencyMs", 99],
  ["update_rate_low", "minPerSecond", 3, "minUpdatesPerSecond", 3],
  ["limit_near", "share", 0.5, "limitShare", 0.5],
  ["opportunity", "minBps", 7, "minOpportunityBps", 7],
  ["host_slow", "maxDelayMs", 10, "maxLoopDelayMs", 10],
  ["daily_summary", "at", "21:30", "summaryMinuteUtc", 1_290],
] as const;
for (const [rule, field, given, threshold, expected] of thresholds) {
  Deno.test(`alerts.rules.${rule}.${field} moves ${threshold} and nothing else`, () => {
    const settings = alertSettings(alertsOf({ rules: { [rule]: { [field]: given } } }));
    assertEquals(settings, {
      ...defaultAlertSettings,
      thresholds: { ...defaultAlertSettings.thresholds, [threshold]: expected },
    });
  });
}

Deno.test("each rule is switched off, weighed and timed by its own section", () => {
  for (const rule of alertRules) {
    const given = { enabled: false, severity: "critical", cooldownMs: 7 };
    const { rules } = alertSettings(alertsOf({ rules: { [rule]: given } }));
    const { afterMs } = defaultAlertSettings.rules[rule];
    assertEquals(rules[rule], { isEnabled: false, severity: "critical", cooldownMs: 7, afterMs });
    const changed = alertRules.filter((one) => rules[one].isEnabled === false);
    assertEquals(changed, [rule]);
  }
  const { rules } = alertSettings(alertsOf({ rules: { quote_stale: { afterMs: 42 } } }));
  assertEquals(rules.quote_stale.afterMs, 42);
});

Deno.test("a channel that is off needs no secret; one that is on is made of its settings and secrets", () => {
  const secrets: Readonly<Record<string, string>> = {
    SMTP_PASSWORD: "example-only-password",
    DISCORD_WEBHOOK_URL: "https://discord.com/api/webhooks/1/ExampleOnly",
  };
  const config = alertsOf({
    channels: {
      off: { kind: "telegram", chatId: "1", enabled: false },
      room: { kind: "discord", leastSeverity: "critical", without: ["fill"] },
      mail: {
        kind: "email",
        host: "smtp.example.com",
        user: "berth",
        from: "berth@example.com",
        to: ["me@example.com"],
        trustedCertificatesFile: "mail.pem",
      },
    },
  });
  const read: string[] = [];
  const { channels, secrets: values } = readChannels(config, {
    secretOf: (name) => secrets[name],
    readTextFile: (path) => {
      read.push(path);
      return "-----BEGIN CERTIFICATE-----";
    },
  });
  assertEquals(read, ["/etc/berth/mail.pem"]);
  assertEquals(values.toSorted(), Object.values(secrets).toSorted(), "what must never be printed");
  assertEquals(channels, [
    {
      name: "room",
      leastSeverity: "critical",
      without: ["fill"],
      target: { kind: "discord", url: secrets.DISCORD_WEBHOOK_URL ?? "" },
    },
    {
      name: "mail",
      leastSeverity: "notice",
      without: [],
      target: {
        kind: "email",
        host: "smtp.example.com",
        port: 587,
        security: "starttls",
        login: { user: "berth", password: secrets.SMTP_PASSWORD ?? "" },
        from: "berth@example.com",
        to: ["me@example.com"],
        trustedCertificates: "-----BEGIN CERTIFICATE-----",
      },
    },
  ]);
});

Deno.test("the examples of docs/alerts.md pass the check", async () => {
  const page = await Deno.readTextFile(new URL("../../../../docs/alerts.md", import.meta.url));
  const examples = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = ""]) => text)
    .filter((text) => text.includes('"alerts"'));
  assertEquals(examples.length, 2);
  for (const example of examples) assertEquals(checkConfig(JSON.parse(example), "/etc/berth").kind, "valid");
  const missing = alertRules.filter((rule) => !page.includes(`\`${rule}\``));
  assertEquals(missing, []);
});
