/**
 * When a broken book is subscribed anew: at once the first time, then after growing waits with jitter, for a venue that
 * keeps sending what can't be used would otherwise be asked in a loop (480 operations per connection and hour). A book
 * that held for a while starts over with the first wait.
 */
import type { Clock, Random, Scheduler } from "@berth/sdk";
import { backoffMs } from "@berth/sdk/venue/backoff.ts";

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
  readonly refresh: (instId: string) => void;
}

export class BookResync {
  readonly #options: BookResyncOptions;
  readonly #attempts = new Map<string, Attempt>();

  constructor(options: BookResyncOptions) {
    this.#options = options;
  }

  /** This instrument's book has a gap. */
  onGap(instId: string): void {
    const { clock, random, refresh, scheduler } = this.#options;
    const nowMs = clock.monotonicMs();
    const attempt = this.#attempts.get(instId) ?? { failures: 0, lastMs: -Infinity, cancel: undefined };
    this.#attempts.set(instId, attempt);
    if (attempt.cancel !== undefined) return; // already planned
    if (nowMs - attempt.lastMs > healthyAfterMs) attempt.failures = 0;
    const run = (): void => {
      attempt.cancel = undefined;
      attempt.lastMs = clock.monotonicMs();
      refresh(instId);
    };
    attempt.failures += 1;
    if (attempt.failures === 1) run();
    else attempt.cancel = scheduler.after(backoffMs(attempt.failures - 1, random), run);
  }

  /** Nobody wants this book any more. */
  forget(instId: string): void {
    this.#attempts.get(instId)?.cancel?.();
    this.#attempts.delete(instId);
  }

  stop(): void {
    for (const instId of [...this.#attempts.keys()]) this.forget(instId);
  }
}
