/** The pool of order requests of one account: 800 a second and 17,250 a minute (paradex.md, 4.2), refilled continuously. */
import type { SimulationClock } from "../../simulation/ports.ts";

interface Bucket {
  readonly capacity: number;
  readonly windowMs: number;
  left: number;
  tsMs: number;
}

export interface BudgetState {
  readonly limit: number;
  readonly remaining: number;
  readonly windowS: number;
}

export class OrderBudget {
  readonly #clock: SimulationClock;
  readonly #buckets: readonly Bucket[];

  constructor(clock: SimulationClock, limits: readonly (readonly [capacity: number, windowMs: number])[]) {
    this.#clock = clock;
    this.#buckets = limits.map(([capacity, windowMs]) => ({
      capacity,
      windowMs,
      left: capacity,
      tsMs: clock.nowMs(),
    }));
  }

  /** True when one more request fits everywhere; it is then counted. */
  admit(): boolean {
    const nowMs = this.#clock.nowMs();
    for (const bucket of this.#buckets) {
      bucket.left = Math.min(
        bucket.capacity,
        bucket.left + ((nowMs - bucket.tsMs) / bucket.windowMs) * bucket.capacity,
      );
      bucket.tsMs = nowMs;
    }
    if (this.#buckets.some((bucket) => bucket.left < 1)) return false;
    for (const bucket of this.#buckets) bucket.left -= 1;
    return true;
  }

  /** The tightest bucket, for the response headers. */
  state(): BudgetState {
    const tightest = this.#buckets.reduce((a, b) => (b.left / b.capacity < a.left / a.capacity ? b : a));
    return {
      limit: tightest.capacity,
      remaining: Math.max(0, Math.floor(tightest.left)),
      windowS: tightest.windowMs / 1000,
    };
  }
}
