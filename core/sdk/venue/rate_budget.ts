/**
 * What may still be sent before a venue's rate limit is reached: token buckets with continuous refill. A share of a
 * budget may be kept for what takes risk away, so that a burst of orders can't lock us out of taking them back.
 */
import type { Clock } from "../../model/clock.ts";

export interface RateLimit {
  readonly requests: number;
  readonly perMs: number;
}

/** Several limits that hold at once; a request takes one token of each. */
export class RateBudget {
  readonly #clock: Clock;
  readonly #buckets: { readonly limit: RateLimit; tokens: number }[];
  #refilledMs: number;
  #pausedUntilMs = -Infinity;

  constructor(clock: Clock, limits: readonly RateLimit[]) {
    this.#clock = clock;
    this.#buckets = limits.map((limit) => ({ limit, tokens: limit.requests }));
    this.#refilledMs = clock.monotonicMs();
  }

  /**
   * Takes one request if every bucket keeps at least `reservedShare` of its size afterwards.
   * @returns false when it may not be sent now; nothing is taken then
   */
  tryTake(reservedShare = 0): boolean {
    return this.waitMs(reservedShare) === 0 && this.#take();
  }

  /** As `tryTake`, but through a pause: the venue's refusal of a cancel costs less than one that was not tried. */
  tryTakeUrgent(): boolean {
    this.#refill();
    return this.#bucketWaitMs(0) === 0 && this.#take();
  }

  /** Whether `tryTake` would succeed: for a request that several budgets must bear, or none pays. */
  canTake(reservedShare = 0): boolean {
    return this.waitMs(reservedShare) === 0;
  }

  /** Time until `tryTake` could succeed; 0 for now. */
  waitMs(reservedShare = 0): number {
    this.#refill();
    return Math.max(0, this.#pausedUntilMs - this.#refilledMs, this.#bucketWaitMs(reservedShare));
  }

  #bucketWaitMs(reservedShare: number): number {
    let waitMs = 0;
    for (const { limit, tokens } of this.#buckets) {
      const missing = 1 + reservedShare * limit.requests - tokens;
      if (missing > 0) waitMs = Math.max(waitMs, (missing * limit.perMs) / limit.requests);
    }
    return waitMs;
  }

  /** The venue said to wait: nothing but what is urgent is sent for `durationMs`. */
  pause(durationMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#clock.monotonicMs() + durationMs);
  }

  #take(): boolean {
    for (const bucket of this.#buckets) bucket.tokens -= 1;
    return true;
  }

  #refill(): void {
    const nowMs = this.#clock.monotonicMs();
    const elapsedMs = nowMs - this.#refilledMs;
    this.#refilledMs = nowMs;
    for (const bucket of this.#buckets) {
      const { requests, perMs } = bucket.limit;
      bucket.tokens = Math.min(requests, bucket.tokens + (elapsedMs * requests) / perMs);
    }
  }
}
