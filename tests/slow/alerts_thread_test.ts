/** The alerts' real thread: what it can't bear ends it, the host lives on, and another one watches and delivers. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Observation } from "../../core/alerts/observation.ts";
import { defaultAlertSettings } from "../../core/alerts/settings.ts";
import { AlertService } from "../../core/host/alerts/alert_service.ts";
import { systemClock } from "../../core/host/system_clock.ts";
import { calmVenue, observation } from "../core/alerts/builders.ts";
import { webhookDouble, webhookKey } from "../support/alert_services/webhook.ts";

Deno.test("a thread that is ended by what it was sent is begun anew, and people are told by the next one", async () => {
  await using hook = webhookDouble();
  const clock = systemClock();
  const torn: Observation = JSON.parse("{}");
  const gone = { venues: [{ ...calmVenue, isStarted: false, heartbeatAgeMs: 31_000 }] };
  const next = [torn, observation(0, gone), observation(2_000, gone)];
  const told = Promise.withResolvers<void>();
  const notices: string[] = [];
  const service = new AlertService({
    openThread: () =>
      new Worker(new URL("../../core/alerts/alerts_worker.ts", import.meta.url), {
        type: "module",
        name: "alerts",
      }),
    every(_, task) {
      const timer = setInterval(task, 10);
      return () => clearInterval(timer);
    },
    after(_, task) {
      const timer = setTimeout(task, 1);
      return () => clearTimeout(timer);
    },
    observer: { observe: () => next.shift() ?? observation(3_000, gone) },
    setup: {
      sender: { name: "berth", environment: "sim" },
      settings: defaultAlertSettings,
      channels: [{
        name: "hook",
        leastSeverity: "notice",
        without: [],
        target: { kind: "webhook", url: hook.url, signingKey: webhookKey },
      }],
    },
    runId: "run",
    clock,
    log: { write: () => undefined },
    day: undefined,
    keepDay: () => undefined,
    onNotice(severity, text) {
      notices.push(`${severity}: ${text}`);
      if (text.startsWith("okx disconnected")) told.resolve();
    },
  });
  service.start();
  await told.promise;
  await service.stop(); // what waits for a channel is sent first
  assertMatch(notices[0] ?? "", /^critical: the alerts have ended: .*; nobody is told/);
  assertEquals(notices[1], "warning: the alerts watch again; what is wrong now is told anew");
  assertEquals(service.report.watch.restarts, 1);
  assertEquals(hook.received.map(({ data }) => [data.rule, String(data.id).startsWith("run.2-")]), [
    ["venue_disconnected", true],
  ]);
});
