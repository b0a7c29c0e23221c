/** OKX's documented limits: a count per 2 seconds and endpoint, refilled continuously (okx.md, section 4). */
import type { SimulationClock } from "../../simulation/ports.ts";

const windowMs = 2_000;

export class RateLimits {
  readonly #clock: SimulationClock;
  readonly #buckets = new Map<string, { left: number; tsMs: number }>();

  constructor(clock: SimulationClock) {
    this.#clock = clock;
  }

  /** True when one more request of this key fits; it is then counted. */
  admit(key: string, per2s: number, units = 1): boolean {
    const nowMs = this.#clock.nowMs();
    const bucket = this.#buckets.get(key) ?? { left: per2s, tsMs: nowMs };
    this.#buckets.set(key, bucket);
    bucket.left = Math.min(per2s, bucket.left + ((nowMs - bucket.tsMs) / windowMs) * per2s);
    bucket.tsMs = nowMs;
    if (bucket.left < units) return false;
    bucket.left -= units;
    return true;
  }
}
