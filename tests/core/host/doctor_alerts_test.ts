/** What the doctor says of the alerts: by the configuration's channels, and by the host that runs. */
import { assertEquals, assertMatch } from "@std/assert";
import { alertsOf, type AlertsResource } from "../../../core/console/alerts.ts";
import { checkConfig } from "../../../core/host/config/config.ts";
import { checkAlerts } from "../../../core/host/doctor/alerts_check.ts";
import { someAlerts, watchedAlerts } from "../console/some_alerts.ts";

const watching = { state: "watching", restarts: 0, why: "" } as const;
const calm: AlertsResource = alertsOf(watching, { ...someAlerts, channels: [] });
const ended = alertsOf({ state: "restarting", restarts: 2, why: "out of luck" }, undefined);
const slack = { channels: { desk: { kind: "slack" } } };

const cases: readonly (readonly [string, unknown, AlertsResource | undefined, string, RegExp])[] = [
  ["switched off", { enabled: false }, undefined, "skipped", /alerts\.enabled/],
  ["without a channel", {}, undefined, "passed", /No channel is configured/],
  ["with a secret, no host", slack, undefined, "passed", /^desk \(slack\)\.$/],
  ["a host on watch", slack, calm, "passed", /desk \(slack\); the running host's alerts are on watch\.$/],
  [
    "a secret that is missing",
    { channels: { desk: { kind: "discord" } } },
    calm,
    "failed",
    /DISCORD_WEBHOOK_URL/,
  ],
  ["alerts that ended", slack, ended, "failed", /alerts ended: out of luck/],
  [
    "a channel that fails",
    slack,
    alertsOf(watching, watchedAlerts.status),
    "failed",
    /channel desk does not deliver: status 404/,
  ],
];
for (const [name, config, running, result, words] of cases) {
  Deno.test(`the doctor on alerts: ${name}`, () => {
    const checked = checkConfig({ alerts: config }, "/etc/berth");
    if (checked.kind !== "valid") throw new Error(JSON.stringify(checked));
    const secrets = new Map([["SLACK_WEBHOOK_URL", "https://hooks.slack.example/x"]]);
    const end = checkAlerts(checked.value.alerts, secrets, running);
    assertEquals(end.result, result);
    assertMatch(end.details, words);
    assertEquals(end.fix !== "", result === "failed");
  });
}
