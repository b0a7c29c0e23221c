/** The alerts' thread: takes an observation a second and answers with what came of it. Channels work in between. */
import { AlertDesk } from "./alert_desk.ts";
import type { FromAlerts, ToAlerts } from "./ports.ts";

/** The worker's own scope, as far as it is used. */
export interface AlertsThread {
  postMessage(message: FromAlerts): void;
  onmessage: ((event: MessageEvent<ToAlerts>) => void) | null;
}

export function runAlertsThread(thread: AlertsThread): void {
  let desk: AlertDesk | undefined;
  const stop = async (started: AlertDesk, withinMs: number): Promise<void> => {
    const over = new AbortController();
    await started.finish(waitAtMost(withinMs, over.signal));
    over.abort();
    thread.postMessage({ kind: "stopped", status: started.status() });
  };
  thread.onmessage = ({ data }) => {
    switch (data.kind) {
      case "start":
        desk = new AlertDesk(data.start, {
          monotonicMs: () => performance.now(),
          epochMs: () => performance.timeOrigin + performance.now(),
          random: () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
          wait: waitAtMost,
        });
        return;
      case "change":
        return desk?.change(data.setup);
      case "observe": {
        if (desk === undefined) return;
        const notes = desk.observe(data.observation);
        return thread.postMessage({ kind: "observed", notes, status: desk.status(), day: desk.day });
      }
      case "stop":
        return desk === undefined ? undefined : void stop(desk, data.withinMs);
      default:
        data satisfies never;
    }
  };
}

/** Until the time is over or the signal aborts. */
export function waitAtMost(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
