/** `berth alerts`: what is listed without a host, and that a test says of each channel whether it delivers. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { runAlertsCommand } from "../../../core/cli/alerts.ts";
import type { AlertsAct } from "../../../core/cli/alerts_options.ts";
import { readCommandLine } from "../../../core/cli/command_line.ts";
import { BerthError } from "../../../core/errors.ts";
import { systemClock } from "../../../core/host/system_clock.ts";
import { slackDouble, slackPath } from "../../support/alert_services/slack.ts";
import { webhookDouble, webhookKey } from "../../support/alert_services/webhook.ts";

/** Runs one command in a folder with this configuration and these secrets. */
async function run(
  act: AlertsAct,
  alerts: unknown,
  secrets: Readonly<Record<string, string>> = {},
  asJson = false,
): Promise<{ readonly code: number; readonly text: string }> {
  const workingFolder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(workingFolder, "berth.json"), JSON.stringify({ alerts }));
    const lines = Object.entries(secrets).map(([name, value]) => `${name}=${value}`);
    await Deno.writeTextFile(join(workingFolder, ".env"), lines.join("\n"));
    let text = "";
    const code = await runAlertsCommand(
      { act, asJson, configFile: undefined, dataDir: undefined, environment: undefined },
      { workingFolder, write: (part) => (text += part), clock: systemClock() },
    );
    return { code, text };
  } finally {
    await Deno.remove(workingFolder, { recursive: true });
  }
}

const all: AlertsAct = { kind: "test", channels: [] };

Deno.test("alerts test: each channel says whether it delivers; one that does not makes the exit code 1", async () => {
  await using hook = webhookDouble();
  await using slack = slackDouble({ nowMs: 0 });
  const channels = {
    hook: { kind: "webhook", urlSecret: "MY_HOOK" },
    desk: { kind: "slack" },
    phone: { kind: "telegram", chatId: "42" },
    off: { kind: "discord", enabled: false },
  };
  const secrets = {
    MY_HOOK: hook.url,
    ALERT_WEBHOOK_KEY: webhookKey,
    SLACK_WEBHOOK_URL: `${slack.url}${slackPath}Wrong`,
  };
  const { code, text } = await run(all, { channels }, secrets);
  assertEquals(code, 1);
  const lines = text.trim().split("\n");
  assertEquals(lines.slice(0, 2), [
    "hook (webhook): delivered",
    "desk (slack): NOT delivered: status 404: no_service",
  ]);
  assertMatch(lines[2] ?? "", /^phone \(telegram\): NOT delivered: .*TELEGRAM_BOT_TOKEN is not set/);
  assertEquals(lines.length, 3);
  assertMatch(JSON.stringify(hook.received), /This is a test of the alert channel hook\. Nothing is wrong\./);
  assertEquals(slack.texts, []);

  const one = await run({ kind: "test", channels: ["hook"] }, { channels }, secrets, true);
  assertEquals(one.code, 0);
  assertEquals(JSON.parse(one.text), {
    isDelivered: true,
    channels: [{ channel: "hook", kind: "webhook", isDelivered: true, why: "" }],
  });
});

const refusedSecrets: readonly (readonly [string, Readonly<Record<string, unknown>>, string, RegExp])[] = [
  [
    "http to another machine",
    { kind: "slack" },
    "SLACK_WEBHOOK_URL=http://hooks.slack.example/x",
    /no address/,
  ],
  [
    "a login in the address",
    { kind: "slack" },
    "SLACK_WEBHOOK_URL=https://a:b@hooks.slack.example/x",
    /no address/,
  ],
  ["no address at all", { kind: "discord" }, "DISCORD_WEBHOOK_URL=hello", /no address/],
  ["no bot's token", { kind: "telegram", chatId: "1" }, "TELEGRAM_BOT_TOKEN=hello", /no bot's token/],
  [
    "a mail server elsewhere without TLS",
    {
      kind: "email",
      host: "mail.example",
      security: "none",
      from: "a@b.example",
      to: ["c@d.example"],
    },
    "",
    /not this machine/,
  ],
];
for (const [name, config, secret, words] of refusedSecrets) {
  Deno.test(`alerts test: ${name} is refused before anything is sent, without a word of the secret`, async () => {
    const [variable = "X_UNUSED", value = ""] = secret.split("=");
    const { code, text } = await run(
      all,
      { channels: { it: config } },
      secret === "" ? {} : { [variable]: value },
    );
    assertEquals(code, 1);
    assertMatch(text, words);
    assert(value === "" || !text.includes(value));
  });
}

Deno.test("alerts test: a short signing key is refused", async () => {
  const secrets = { ALERT_WEBHOOK_URL: "https://hooks.example/x", ALERT_WEBHOOK_KEY: "whsec_c2hvcnQ=" };
  const { code, text } = await run(all, { channels: { it: { kind: "webhook" } } }, secrets);
  assertEquals(code, 1);
  assertMatch(text, /no signing key/);
});

Deno.test("alerts test: a channel that is not there is named, as is that there is none", async () => {
  const act: AlertsAct = { kind: "test", channels: ["phone"] };
  const error = await assertRejects(() => run(act, { channels: { desk: { kind: "slack" } } }), BerthError);
  assertMatch(error.text.what + error.text.why, /no alert channel phone.*names desk/);
  await assertRejects(() => run(all, {}), BerthError, "no alert channel to try");
});

Deno.test("alerts list: without a host, rules and channels as they are configured", async () => {
  const alerts = { rules: { fill: { enabled: false } }, channels: { desk: { kind: "slack" } } };
  const { code, text } = await run({ kind: "list" }, alerts);
  assertEquals(code, 0);
  assertMatch(text, /^Nobody watches/);
  assertMatch(text, /^venue_disconnected +critical +on +after 2 s, again after 60 s$/m);
  assertMatch(text, /^fill +notice +off /m);
  assertMatch(text, /^channel desk \(slack\): configured$/m);
  const { isWatching, rules } = JSON.parse((await run({ kind: "list" }, alerts, {}, true)).text);
  assertEquals([isWatching, rules.length], [false, 16]);
});

Deno.test("the command line of alerts", () => {
  const place = { configFile: undefined, dataDir: undefined, environment: undefined };
  assertEquals(readCommandLine(["alerts", "test", "--channel", "a", "--channel", "b", "--json"], "1"), {
    kind: "alerts",
    options: { ...place, act: { kind: "test", channels: ["a", "b"] }, asJson: true },
  });
  assertEquals(readCommandLine(["alerts", "list"], "1"), {
    kind: "alerts",
    options: { ...place, act: { kind: "list" }, asJson: false },
  });
  const wrong = readCommandLine(["alerts", "test", "--channel", "../x"], "1");
  assert(wrong.kind === "misuse");
  assertMatch(wrong.sentence, /no channel's name/);
});
