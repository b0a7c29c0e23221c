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
