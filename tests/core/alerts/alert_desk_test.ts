/** Notes on their way to channels: who gets what, what is counted, and that a failing channel is told by the others. */
import { assertEquals, assertMatch } from "@std/assert";
import { AlertDesk } from "../../../core/alerts/alert_desk.ts";
import type { ChannelSettings } from "../../../core/alerts/channels/settings.ts";
import { defaultAlertSettings } from "../../../core/alerts/settings.ts";
import { slackDouble } from "../../support/alert_services/slack.ts";
import { webhookDouble, webhookKey } from "../../support/alert_services/webhook.ts";
import { systemClock } from "../../../core/host/system_clock.ts";
import { calmVenue, observation } from "./builders.ts";

Deno.test("each channel gets its own; one that only the operator can mend is told of, and its notes are given up", async () => {
  await using hook = webhookDouble();
  await using slack = slackDouble({ nowMs: 0 });
  const clock = systemClock();
  let waitedMs = 0;
  const channel = (
    name: string,
    target: ChannelSettings["target"],
    changes: Partial<ChannelSettings> = {},
  ) => ({
    name,
    leastSeverity: "notice" as const,
    without: [],
    target,
    ...changes,
  });
  const webhook = { kind: "webhook" as const, url: hook.url, signingKey: webhookKey };
  const desk = new AlertDesk({
    runId: "run",
    sender: { name: "berth", environment: "sim" },
    settings: defaultAlertSettings,
    day: undefined,
    before: undefined,
    channels: [
      channel("hook", webhook),
      channel("calm", webhook, { without: ["venue_disconnected"] }),
      channel("wrong", { kind: "slack", url: `${slack.url}/services/none` }, { leastSeverity: "critical" }),
    ],
  }, {
    monotonicMs: () => waitedMs,
    epochMs: () => clock.epochMs(),
    random: () => 0,
    wait: (ms) => {
      waitedMs += ms;
      return Promise.resolve();
    },
  });
  const gone = { venues: [{ ...calmVenue, isStarted: false, heartbeatAgeMs: 31_000 }], loopDelayMs: 0 };
  desk.observe(observation(0, gone));
  assertEquals(desk.observe(observation(2_000, gone)).map(({ rule }) => rule), ["venue_disconnected"]);
  await desk.finish(new Promise(() => undefined));
  assertEquals(hook.received.map(({ data }) => data.rule), ["venue_disconnected"]);
  assertEquals(
    desk.status().channels.map(({ name, sent, dropped, circuit }) => [name, sent, dropped, circuit]),
    [["hook", 1, 0, "closed"], ["calm", 0, 0, "closed"], ["wrong", 0, 1, "open"]],
  );
  const [failing] = desk.observe(observation(3_000, gone));
  assertEquals([failing?.rule, failing?.subject], ["channel_failing", "wrong"]);
  assertMatch(failing?.text ?? "", /alert channel wrong does not deliver: status 404: no_service/);
  assertEquals(desk.status().told, [
    { rule: "venue_disconnected", severity: "critical", kind: "raised", count: 1 },
    { rule: "channel_failing", severity: "warning", kind: "raised", count: 1 },
  ]);
  assertEquals(desk.status().recent.map(({ rule }) => rule), ["channel_failing", "venue_disconnected"]);
});

Deno.test("changed settings keep what is raised and counted; a channel's successor sends what waited", async () => {
  await using hook = webhookDouble();
  await using stuck = webhookDouble();
  stuck.isHanging = true;
  const clock = systemClock();
  const sender = { name: "berth", environment: "sim" };
  const to = (url: string): ChannelSettings => ({
    name: "hook",
    leastSeverity: "notice",
    without: [],
    target: { kind: "webhook", url, signingKey: webhookKey },
  });
  const desk = new AlertDesk({
    runId: "run",
    sender,
    settings: defaultAlertSettings,
    day: undefined,
    before: {
      recent: [],
      told: [{ rule: "venue_disconnected", severity: "critical", kind: "raised", count: 4 }],
      channels: [{
        name: "hook",
        kind: "webhook",
        circuit: "closed",
        failuresInARow: 0,
        why: "",
        queued: 0,
        sent: 9,
        failed: 2,
        limited: 1,
        dropped: 3,
        lastSentMs: 5,
      }],
    },
    channels: [to(stuck.url)],
  }, {
    monotonicMs: () => 0,
    epochMs: () => clock.epochMs(),
    random: () => 0,
    wait: () => Promise.resolve(),
  });
  const gone = { venues: [{ ...calmVenue, isStarted: false, heartbeatAgeMs: 31_000 }], loopDelayMs: 0 };
  desk.observe(observation(0, gone));
  desk.observe(observation(2_000, gone));
  assertEquals(desk.status().channels.map(({ sent, queued }) => [sent, queued]), [[9, 1]]);

  desk.change({ sender, settings: defaultAlertSettings, channels: [to(hook.url)] });
  assertEquals(desk.observe(observation(3_000, gone)), [], "it is raised already");
  while (hook.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await desk.finish(new Promise(() => undefined));
  const { channels, told } = desk.status();
  assertEquals(channels.map(({ sent, failed, dropped }) => [sent, failed, dropped]), [[10, 2, 3]]);
  assertEquals(told[0]?.count, 5);

  const { rules } = defaultAlertSettings;
  const off = { ...rules, venue_disconnected: { ...rules.venue_disconnected, isEnabled: false } };
  desk.change({ sender, settings: { ...defaultAlertSettings, rules: off }, channels: [] });
  assertEquals(desk.status().active, [], "a rule that is off has nothing raised");
  assertEquals(desk.observe(observation(4_000)), [], "and tells of no end");
});
