/** Alerts that are changed while they run: what changed is said without secrets, and what has faults changes nothing. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { AlertsSetup } from "../../../../core/alerts/ports.ts";
import { BerthError } from "../../../../core/errors.ts";
import { AlertReload, givenSetup } from "../../../../core/host/alerts/alert_reload.ts";
import { checkConfig, type HostConfig } from "../../../../core/host/config/config.ts";

type AlertsConfig = HostConfig["alerts"];

function alertsOf(alerts: unknown): AlertsConfig {
  const checked = checkConfig({ alerts }, "/etc/berth");
  assert(checked.kind === "valid", JSON.stringify(checked));
  return checked.value.alerts;
}

const first = alertsOf({ channels: { desk: { kind: "slack" } } });
const firstUrl = "https://hooks.slack.example/services/first-secret";

function reloadBench() {
  const secrets = new Map([["SLACK_WEBHOOK_URL", firstUrl]]);
  const given: (AlertsSetup | undefined)[] = [];
  const heeded: number[] = [];
  const lines: string[] = [];
  const shielded: string[] = [];
  let config: AlertsConfig = first;
  const reload = new AlertReload({
    config,
    channels: givenSetup(config, "sim", secrets, () => undefined).channels,
    environment: "sim",
    service: { change: (setup) => void given.push(setup) },
    observer: { heed: (minBps) => void heeded.push(minBps) },
    log: { write: (level, source, message) => void lines.push(`${level} ${source} ${message}`) },
    protect: (values) => void shielded.push(...values),
    rereadConfig: () => Promise.resolve(config),
    rereadSecrets: () => Promise.resolve(secrets),
  });
  return {
    reload,
    secrets,
    given,
    heeded,
    lines,
    shielded,
    set: (alerts: unknown): void => void (config = alertsOf(alerts)),
  };
}

Deno.test("the same again changes nothing", async () => {
  const { reload, given } = reloadBench();
  assertEquals([await reload.reload(), given], [[], []]);
});

const cases: readonly (readonly [string, unknown, readonly string[]])[] = [
  [
    "a rule",
    { channels: first.channels, rules: { fill: { enabled: false }, opportunity: { minBps: 7 } } },
    ["rule opportunity: minBps 50 → 7", "rule fill: enabled true → false"],
  ],
  [
    "a channel more and one less",
    { channels: { phone: { kind: "telegram", chatId: "42", tokenSecret: "PHONE_TOKEN" } } },
    ["channel desk: gone", "channel phone: new, telegram"],
  ],
  [
    "where a channel begins",
    { channels: { desk: { kind: "slack", leastSeverity: "critical" } } },
    ['channel desk: leastSeverity "notice" → "critical"'],
  ],
  ["the sender's name", { name: "desk one", channels: first.channels }, ["name: desk one"]],
];
for (const [name, alerts, expected] of cases) {
  Deno.test(`reload() names ${name}`, async () => {
    const { reload, secrets, set, given, heeded, lines } = reloadBench();
    secrets.set("PHONE_TOKEN", "123456:abcdefghijklmnopqrstuvwxyz");
    set(alerts);
    assertEquals(await reload.reload(), expected);
    assertEquals([given.length, heeded.length], [1, 1]);
    assertEquals(lines, [`info alerts alerts were changed: ${expected.join("; ")}`]);
    assertEquals(await reload.reload(), [], "once");
  });
}

Deno.test("another secret is another target, is shielded first, and is not named", async () => {
  const { reload, secrets, given, lines, shielded } = reloadBench();
  const url = "https://hooks.slack.example/services/second-secret";
  secrets.set("SLACK_WEBHOOK_URL", url);
  assertEquals(await reload.reload(), ["channel desk: other secrets"]);
  assertEquals(given[0]?.channels[0]?.target, { kind: "slack", url });
  assert(shielded.includes(url));
  assertEquals(JSON.stringify(lines).includes("secret/"), false);
  assertEquals(JSON.stringify(lines).includes("second-secret"), false);
});

Deno.test("what has faults changes nothing: an operator is answered, a saved file is told of in the log", async () => {
  const { reload, secrets, given, lines } = reloadBench();
  secrets.delete("SLACK_WEBHOOK_URL");
  const error = await assertRejects(() => reload.reload(), BerthError);
  assertEquals(error.code, "ALERT_CHANNEL_INVALID");
  await reload.follow(alertsOf({ name: "desk one", channels: first.channels }));
  assertEquals(given, []);
  assertEquals(lines.length, 1);
  assert(lines[0]?.startsWith("error alerts the alerts stay as they were: "), lines[0]);
  secrets.set("SLACK_WEBHOOK_URL", firstUrl);
  assertEquals(await reload.reload(), [], "the first still holds");
});

Deno.test("switched off nobody watches, and no secret is asked for", async () => {
  const { reload, secrets, set, given, heeded } = reloadBench();
  secrets.clear();
  set({ enabled: false, channels: first.channels });
  assertEquals(await reload.reload(), ["alerts are off"]);
  assertEquals([given, heeded], [[undefined], [Infinity]]);
});
