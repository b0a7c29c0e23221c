/** How the feed is doing: frames a second, latency of quotes over the last minute, gaps. Plain counting, no garbage. */
import type { Clock } from "@berth/sdk";

const windowMs = 60_000;
const capacity = 4096;

export class FeedStatistics {
  readonly #clock: Clock;
  /** Ring of the newest samples: latency and when it was taken. */
  readonly #latencies = new Float64Array(capacity);
  readonly #takenMs = new Float64Array(capacity).fill(-Infinity);
  #next = 0;
  #updates = 0;
  #updatesMarkMs: number;
  #gaps = 0;
  #misfits = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#updatesMarkMs = clock.monotonicMs();
  }

  get gaps(): number {
    return this.#gaps;
  }
  /** Frames that could not be read. */
  get misfits(): number {
    return this.#misfits;
  }

  update(): void {
    this.#updates += 1;
  }
  gap(): void {
    this.#gaps += 1;
  }
  misfit(): void {
    this.#misfits += 1;
  }

  /** @param latencyMs receive time − venue time; negative when the clocks disagree */
  latency(latencyMs: number): void {
    this.#latencies[this.#next] = latencyMs;
    this.#takenMs[this.#next] = this.#clock.monotonicMs();
    this.#next = (this.#next + 1) % capacity;
  }

  /** Updates a second since the last call of this method. */
  takeUpdatesPerSecond(): number {
    const nowMs = this.#clock.monotonicMs();
    const elapsedMs = nowMs - this.#updatesMarkMs;
    const perSecond = elapsedMs > 0 ? (this.#updates * 1000) / elapsedMs : 0;
    this.#updates = 0;
    this.#updatesMarkMs = nowMs;
    return perSecond;
  }

  /** Over the last minute, at most the newest 4096 samples; undefined when there are none. */
  latencySummary(): { readonly averageMs: number; readonly p99Ms: number } | undefined {
    const oldestMs = this.#clock.monotonicMs() - windowMs;
    const recent = this.#latencies.filter((_, i) => (this.#takenMs[i] ?? -Infinity) >= oldestMs).sort();
    if (recent.length === 0) return undefined;
    const sum = recent.reduce((total, value) => total + value, 0);
    const p99Ms = recent[Math.min(recent.length - 1, Math.ceil(recent.length * 0.99) - 1)] ?? Number.NaN;
    return { averageMs: sum / recent.length, p99Ms };
  }
}
