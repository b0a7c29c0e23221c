/** The host's side of the alerts, with a thread of the test's: one observation at a time, and a word when it hangs or ends. */
import { assertEquals, assertMatch } from "@std/assert";
import { emptyDay } from "../../../../core/alerts/daily_summary.ts";
import type { FromAlerts, ToAlerts } from "../../../../core/alerts/ports.ts";
import { defaultAlertSettings } from "../../../../core/alerts/settings.ts";
import { AlertService, type AlertsThreadHandle } from "../../../../core/host/alerts/alert_service.ts";
import { noonMs, observation, someNote } from "../../alerts/builders.ts";
import { someAlerts } from "../../console/some_alerts.ts";

function serviceBench() {
  const sent: ToAlerts[] = [];
  const lines: string[] = [];
  const notices: string[] = [];
  const kept: number[] = [];
  let isTerminated = false;
  let isTimerOn = false;
  let nowMs = 0;
  let tick = (): void => undefined;
  const thread: AlertsThreadHandle = {
    postMessage: (message) => void sent.push(message),
    terminate: () => (isTerminated = true),
    onmessage: null,
    onerror: null,
  };
  const service = new AlertService({
    openThread: () => thread,
    every(_, task) {
      isTimerOn = true;
      tick = task;
      return () => (isTimerOn = false);
    },
    observer: { observe: (loopDelayMs) => observation(nowMs, { loopDelayMs }) },
    settings: defaultAlertSettings,
    channels: [],
    senderName: "berth",
    environment: "sim",
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
  assertEquals(bench.service.status, someAlerts);
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

Deno.test("a thread that does not answer for half a minute is told of once, and that it is back", () => {
  const bench = serviceBench();
  bench.service.start();
  bench.pass(1);
  bench.pass(29);
  assertEquals(bench.notices, []);
  bench.pass(30);
  assertEquals(bench.notices.length, 1);
  assertMatch(bench.notices[0] ?? "", /^critical: the alerts' thread does not answer/);
  bench.answer([]);
  assertEquals(bench.notices.at(-1), "warning: the alerts' thread answers again");
});

Deno.test("a thread that ends is told of, and ends nothing else", () => {
  const bench = serviceBench();
  bench.service.start();
  bench.pass(1);
  bench.answer([]);
  const event = new ErrorEvent("error", { message: "out of luck", cancelable: true });
  bench.thread.onerror?.(event);
  assertEquals(event.defaultPrevented, true, "or the host would end");
  assertMatch(bench.notices[0] ?? "", /^critical: the alerts have ended: out of luck/);
  assertEquals([bench.ends(), bench.service.status], [{ isTerminated: true, isTimerOn: false }, undefined]);
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
