/**
 * When a broken book is subscribed anew: at once the first time, then after growing waits with jitter, for a venue that
 * keeps sending what can't be used would otherwise be asked in a loop (OKX allows 480 operations per connection and hour). A book
 * that held for a while starts over with the first wait.
 */
import type { Clock, Random, Scheduler } from "../../model/clock.ts";
import { backoffMs } from "./backoff.ts";

/** A book that lived this long was a good one. */
const healthyAfterMs = 60_000;

interface Attempt {
  failures: number;
  lastMs: number;
  cancel: (() => void) | undefined;
}

export interface BookResyncOptions {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Subscribes the book anew. */
  readonly refresh: (name: string) => void;
}

export class BookResync {
  readonly #options: BookResyncOptions;
  readonly #attempts = new Map<string, Attempt>();

  constructor(options: BookResyncOptions) {
    this.#options = options;
  }

  /** The book of this name has a gap. */
  onGap(name: string): void {
    const { clock, random, refresh, scheduler } = this.#options;
    const nowMs = clock.monotonicMs();
    const attempt = this.#attempts.get(name) ?? { failures: 0, lastMs: -Infinity, cancel: undefined };
    this.#attempts.set(name, attempt);
    if (attempt.cancel !== undefined) return; // already planned
    if (nowMs - attempt.lastMs > healthyAfterMs) attempt.failures = 0;
    const run = (): void => {
      attempt.cancel = undefined;
      attempt.lastMs = clock.monotonicMs();
      refresh(name);
    };
    attempt.failures += 1;
    if (attempt.failures === 1) run();
    else attempt.cancel = scheduler.after(backoffMs(attempt.failures - 1, random), run);
  }

  /** Nobody wants this book any more. */
  forget(name: string): void {
    this.#attempts.get(name)?.cancel?.();
    this.#attempts.delete(name);
  }

  /** Nothing is planned any more, and nothing remembered: as after the loss of the connection. */
  clear(): void {
    for (const name of [...this.#attempts.keys()]) this.forget(name);
  }
}
