/** The host's side of the alerts, with a thread of the test's: one observation at a time, and a word when it hangs or ends. */
import { assertEquals, assertMatch } from "@std/assert";
import { emptyDay } from "../../../../core/alerts/daily_summary.ts";
import type { FromAlerts, ToAlerts } from "../../../../core/alerts/ports.ts";
import { defaultAlertSettings } from "../../../../core/alerts/settings.ts";
import { AlertService, type AlertsThreadHandle } from "../../../../core/host/alerts/alert_service.ts";
import { noonMs, observation, someNote } from "../../alerts/builders.ts";
import { someAlerts } from "../../console/some_alerts.ts";

const someSetup = {
  sender: { name: "berth", environment: "sim" },
  settings: defaultAlertSettings,
  channels: [],
};

function serviceBench() {
  const sent: ToAlerts[] = [];
  const lines: string[] = [];
  const notices: string[] = [];
  const kept: number[] = [];
  const pauses: number[] = [];
  let isTerminated = false;
  let isTimerOn = false;
  let nowMs = 0;
  let tick = (): void => undefined;
  let restart: (() => void) | undefined;
  let opened = 0;
  const thread: AlertsThreadHandle = {
    postMessage: (message) => void sent.push(message),
    terminate: () => (isTerminated = true),
    onmessage: null,
    onerror: null,
  };
  const service = new AlertService({
    openThread() {
      opened += 1;
      isTerminated = false;
      return thread;
    },
    after(ms, task) {
      pauses.push(ms);
      restart = task;
      return () => (restart = undefined);
    },
    every(_, task) {
      isTimerOn = true;
      tick = task;
      return () => (isTimerOn = false);
    },
    observer: { observe: (loopDelayMs) => observation(nowMs, { loopDelayMs }) },
    setup: someSetup,
    runId: "run",
    clock: {
      epochMs: () => noonMs + nowMs,
      epochUs: () => (noonMs + nowMs) * 1000,
      monotonicMs: () => nowMs,
    },
    log: {
      write: (level, source, message, fields) =>
        void lines.push(`${level} ${source} ${fields?.rule ?? "-"} ${message}`),
    },
    day: undefined,
    keepDay: ({ fills }) => void kept.push(fills),
    onNotice: (severity, text) => void notices.push(`${severity}: ${text}`),
  });
  const say = (data: FromAlerts): void => thread.onmessage?.(new MessageEvent("message", { data }));
  return {
    service,
    thread,
    lines,
    notices,
    kept,
    say,
    /** Seconds pass, each with a turn of the timer. */
    pass(seconds: number): void {
      for (let count = 0; count < seconds; count++) {
        nowMs += 1_000;
        if (isTimerOn) tick();
      }
    },
    observations: () => sent.filter(({ kind }) => kind === "observe").length,
    lastSent: () => sent.at(-1),
    pauses,
    opened: () => opened,
    started: () => sent.findLast((message) => message.kind === "start")?.start,
    /** The thread ends by a failure. @returns the event, as the thread's owner left it */
    fall(message = "out of luck"): ErrorEvent {
      const event = new ErrorEvent("error", { message, cancelable: true });
      thread.onerror?.(event);
      return event;
    },
    /** The pause before a new thread is over. */
    restart: (): void => restart?.(),
    isRestartDue: () => restart !== undefined,
    ends: () => ({ isTerminated, isTimerOn }),
    answer: (notes = [someNote], fills = 0): void =>
      say({ kind: "observed", notes, status: someAlerts, day: { ...emptyDay(noonMs), fills } }),
  };
}

Deno.test("the thread gets the next observation only when it has answered the one before", () => {
  const bench = serviceBench();
  bench.service.start();
  bench.service.start();
  bench.pass(3);
  assertEquals(bench.observations(), 1);
  bench.answer([]);
  bench.pass(1);
  assertEquals(bench.observations(), 2);
  assertEquals(bench.service.report, {
    watch: { state: "watching", restarts: 0, why: "" },
    status: someAlerts,
  });
});

Deno.test("a note is a line of its level, and a notice, unless the engine has told it already", () => {
  const bench = serviceBench();
  bench.service.start();
  bench.pass(1);
  bench.answer([
    someNote,
    { ...someNote, kind: "resolved", text: "resolved after 8 s: okx disconnected" },
    { ...someNote, rule: "heartbeat_stale", severity: "warning", text: "okx heartbeat stale" },
    { ...someNote, rule: "trading_state", text: "trading of global is halted" },
    { ...someNote, rule: "fill", severity: "notice", text: "a fill" },
  ]);
  assertEquals(bench.lines, [
    "error alerts venue_disconnected okx disconnected: market data is reconnecting",
    "info alerts venue_disconnected resolved after 8 s: okx disconnected",
    "warn alerts heartbeat_stale okx heartbeat stale",
    "debug alerts trading_state trading of global is halted",
    "debug alerts fill a fill",
  ]);
  assertEquals(bench.notices, [
    "critical: okx disconnected: market data is reconnecting",
    "info: resolved after 8 s: okx disconnected",
    "warning: okx heartbeat stale",
  ]);
});

Deno.test("a thread that ends is told of, ends nothing else, and is begun anew with what was counted", () => {
  const bench = serviceBench();
  bench.service.start();
  bench.pass(1);
  bench.answer([], 7);
  assertEquals(bench.fall().defaultPrevented, true, "or the host would end");
  assertMatch(bench.notices[0] ?? "", /^critical: the alerts have ended: out of luck; .* in 1 s$/);
  assertEquals(bench.ends(), { isTerminated: true, isTimerOn: false });
  assertEquals(bench.service.report.watch, { state: "restarting", restarts: 0, why: "out of luck" });
  assertEquals(bench.service.report.status, someAlerts, "what was known is shown");

  bench.restart();
  assertEquals([bench.opened(), bench.service.report.watch.state], [2, "starting"]);
  const start = bench.started();
  assertEquals([start?.runId, start?.day?.fills], ["run.2", 7]);
  assertEquals(
    start?.before?.channels.map(({ name, queued, dropped }) => [name, queued, dropped]),
    [["phone", 0, 0], ["desk", 0, 1]],
    "what waited is gone, and counted",
  );
  bench.pass(1);
  bench.answer([]);
  assertEquals(bench.notices.at(-1), "warning: the alerts watch again; what is wrong now is told anew");
  assertEquals(bench.service.report.watch, { state: "watching", restarts: 1, why: "out of luck" });
});

Deno.test("the pauses grow while it fails again and again, to a minute, and are short again after it watched for long", () => {
  const bench = serviceBench();
  bench.service.start();
  for (let count = 0; count < 8; count++) {
    bench.fall();
    bench.restart();
  }
  assertEquals(bench.pauses, [1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1_000));
  for (let second = 0; second < 300; second++) {
    bench.pass(1);
    bench.answer([]);
  }
  bench.fall();
  assertEquals(bench.pauses.at(-1), 1_000);
});

Deno.test("a thread that does not answer for half a minute is ended, and begun anew", () => {
  const bench = serviceBench();
  bench.service.start();
  bench.pass(1);
  bench.pass(29);
  assertEquals(bench.notices, []);
  bench.pass(30);
  assertEquals(bench.notices.length, 1);
  assertMatch(bench.notices[0] ?? "", /^critical: the alerts have ended: no answer for 30 s/);
  bench.restart();
  bench.pass(1);
  bench.answer([]);
  assertEquals(bench.service.report.watch.state, "watching");
});

Deno.test("a host that stops begins nothing anew, and keeps the day", async () => {
  const bench = serviceBench();
  bench.service.start();
  bench.pass(1);
  bench.answer([], 3);
  bench.fall();
  await bench.service.stop();
  assertEquals([bench.isRestartDue(), bench.kept.at(-1)], [false, 3]);
});

Deno.test("settings reach the running thread; switched off it ends, switched on another one begins", () => {
  const bench = serviceBench();
  bench.service.start();
  bench.pass(1);
  bench.answer([]);
  const setup = { ...someSetup, sender: { name: "desk one", environment: "sim" } };
  bench.service.change(setup);
  assertEquals(bench.lastSent(), { kind: "change", setup });
  bench.service.change(undefined);
  assertEquals(bench.ends(), { isTerminated: true, isTimerOn: false });
  assertEquals(bench.service.report, { watch: { state: "off", restarts: 0, why: "" }, status: undefined });
  bench.service.change(setup);
  assertEquals([bench.opened(), bench.started()?.sender.name], [2, "desk one"]);

  bench.fall();
  bench.service.change(someSetup);
  assertEquals(bench.opened(), 2, "its pause is not cut short");
  bench.restart();
  assertEquals([bench.opened(), bench.started()?.sender.name], [3, "berth"]);
});

Deno.test("the day is kept now and then, and at the end", async () => {
  const bench = serviceBench();
  bench.service.start();
  for (let second = 1; second <= 32; second++) {
    bench.pass(1);
    bench.answer([], second);
  }
  assertEquals(bench.kept, [1, 31]);
  const stopped = bench.service.stop();
  assertEquals(bench.lastSent(), { kind: "stop", withinMs: 2_000 });
  bench.say({ kind: "stopped", status: someAlerts });
  await stopped;
  assertEquals(bench.kept, [1, 31, 32]);
  assertEquals(bench.ends(), { isTerminated: true, isTimerOn: false });
});

Deno.test("a service that was never started stops at once", async () => {
  await serviceBench().service.stop();
});
