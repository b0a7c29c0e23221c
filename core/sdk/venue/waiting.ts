/** Waiting for time, for a signal, and for a venue to be there. */
import { BerthError, describeError } from "../../errors.ts";
import type { Random, Scheduler } from "../../model/clock.ts";
import type { Log } from "../strategy.ts";
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

/**
 * Tries until it works, with growing waits. What the venue refuses, and what it answers amiss, is thrown: neither mends
 * by itself.
 * @throws what `attempt` throws, unless it is VENUE_UNREACHABLE and `signal` has not fired
 */
export async function untilReached(
  ports: { readonly scheduler: Scheduler; readonly random: Random; readonly log: Log },
  signal: AbortSignal,
  attempt: () => Promise<void>,
): Promise<void> {
  for (let failures = 1;; failures++) {
    try {
      return await attempt();
    } catch (error) {
      const isTransient = error instanceof BerthError && error.code === "VENUE_UNREACHABLE";
      if (!isTransient || signal.aborted) throw error;
      ports.log.warn("the venue can't be reached yet", { failures, reason: error.message });
      await delay(ports.scheduler, backoffMs(failures, ports.random), signal);
      if (signal.aborted) throw error;
    }
  }
}
