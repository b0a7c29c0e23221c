/** Waiting for time, for a signal, and for a venue to be there. */
import { BerthError, describeError } from "../../errors.ts";
import type { Scheduler } from "../../model/clock.ts";
import type { ExchangeContext } from "../exchange.ts";
import type { Unanswered } from "./transport.ts";
import { backoffMs } from "./backoff.ts";

/** Resolves after `delayMs` or when `signal` fires, whichever is first. */
export function delay(scheduler: Scheduler, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = scheduler.after(delayMs, done);
    signal.addEventListener("abort", done, { once: true });
  });
}

/** Runs `task` with a signal that fires after `delayMs`, or with the caller's. */
export async function withDeadline<T>(
  scheduler: Scheduler,
  delayMs: number,
  task: (signal: AbortSignal) => Promise<T>,
  callersSignal?: AbortSignal,
): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const cancel = scheduler.after(delayMs, abort);
  callersSignal?.addEventListener("abort", abort, { once: true });
  if (callersSignal?.aborted === true) abort();
  try {
    return await task(controller.signal);
  } finally {
    cancel();
    callersSignal?.removeEventListener("abort", abort);
  }
}

/** What one request came to. `send` runs once; what it throws means that nobody knows whether it took effect. */
export async function answerOrSilence<T>(
  send: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T | Unanswered> {
  try {
    return await send(signal);
  } catch (error) {
    return signal.aborted
      ? { kind: "unanswered", why: "timeout", details: "no answer in time" }
      : { kind: "unanswered", why: "disconnected", details: describeError(error) };
  }
}

/** What `promise` gives, or undefined as soon as `signal` fires. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const aborted = () => resolve(undefined);
    if (signal.aborted) aborted();
    signal.addEventListener("abort", aborted, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}

/** How often the host hears that the venue is still waited for: well within the time that it gives a start. */
const tellEveryMs = 1_000;

/**
 * Tries until it works, with growing waits, and shows the host meanwhile that the venue is what is waited for. What the
 * venue refuses, and what it answers amiss, is thrown: neither mends by itself.
 * @throws what `attempt` throws, unless it is VENUE_UNREACHABLE and `signal` has not fired
 */
export async function untilReached(
  ctx: Pick<ExchangeContext, "clock" | "scheduler" | "random" | "log" | "publish">,
  signal: AbortSignal,
  attempt: () => Promise<void>,
): Promise<void> {
  let failures = 0;
  const stopTelling = tellWaiting(ctx, () => failures);
  try {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        const isTransient = error instanceof BerthError && error.code === "VENUE_UNREACHABLE";
        if (!isTransient || signal.aborted) throw error;
        failures += 1;
        ctx.log.warn("the venue can't be reached yet", { failures, reason: error.message });
        await delay(ctx.scheduler, backoffMs(failures, ctx.random), signal);
        if (signal.aborted) throw error;
      }
    }
  } finally {
    stopTelling();
  }
}

/** @returns ends it */
function tellWaiting(
  { clock, publish, scheduler }: Pick<ExchangeContext, "clock" | "publish" | "scheduler">,
  failures: () => number,
): () => void {
  const sinceMs = clock.monotonicMs();
  const tell = (): void => {
    publish.health({
      marketData: "connecting",
      privateStream: undefined,
      heartbeatAgeMs: clock.monotonicMs() - sinceMs,
      updatesPerSecond: 0,
      latencyAverageMs: undefined,
      latencyP99Ms: undefined,
      gaps: 0,
      reconnects: 0,
      failedAttempts: failures(),
    });
    cancel = scheduler.after(tellEveryMs, tell);
  };
  let cancel = scheduler.after(tellEveryMs, tell);
  return () => cancel();
}
