/** How the feed is doing: updates a second, latency of quotes over the last minute, gaps. Plain counting, no garbage. */
import type { Clock } from "@berth/sdk";

const windowUs = 60_000_000;
const capacity = 4_096;

export class FeedStatistics {
  readonly #clock: Clock;
  /** Ring of the newest samples: latency, and the receive time it was taken at. */
  readonly #latenciesMs = new Float64Array(capacity);
  readonly #takenUs = new Float64Array(capacity).fill(-Infinity);
  #next = 0;
  #updatesBefore = 0;
  #markMs: number;
  updates = 0;
  gaps = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#markMs = clock.monotonicMs();
  }

  /** One quote: receive time − venue time is its latency, negative when the clocks disagree. */
  quote(tsVenueMs: number, tsRecvUs: number): void {
    this.updates += 1;
    this.#latenciesMs[this.#next] = tsRecvUs / 1_000 - tsVenueMs;
    this.#takenUs[this.#next] = tsRecvUs;
    this.#next = (this.#next + 1) % capacity;
  }

  /** Updates a second since the last call. */
  takeUpdatesPerSecond(): number {
    const nowMs = this.#clock.monotonicMs();
    const elapsedMs = nowMs - this.#markMs;
    const perSecond = elapsedMs > 0 ? ((this.updates - this.#updatesBefore) * 1_000) / elapsedMs : 0;
    this.#updatesBefore = this.updates;
    this.#markMs = nowMs;
    return perSecond;
  }

  /** Over the last minute, at most the newest 4096 quotes; undefined when there are none. */
  latency(): { readonly averageMs: number; readonly p99Ms: number } | undefined {
    const oldestUs = this.#clock.epochUs() - windowUs;
    const recent = this.#latenciesMs.filter((_, at) => (this.#takenUs[at] ?? -Infinity) >= oldestUs).sort();
    if (recent.length === 0) return undefined;
    const averageMs = recent.reduce((sum, value) => sum + value, 0) / recent.length;
    return { averageMs, p99Ms: recent[Math.ceil(recent.length * 0.99) - 1] ?? NaN };
  }
}
