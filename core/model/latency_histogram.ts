/** Counts of latencies by upper bounds, the same bounds everywhere, so that histograms of many sources can be added. */

/** Upper bounds in milliseconds; what is above the last is in one bucket more. */
export const latencyBoundsMs = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000] as const;
export const latencyBuckets = latencyBoundsMs.length + 1;

/** Index of the bucket; allocates nothing. NaN goes into the last. */
export function latencyBucket(ms: number): number {
  for (let at = 0; at < latencyBoundsMs.length; at++) if (ms <= latencyBoundsMs[at]!) return at;
  return latencyBoundsMs.length;
}

export interface LatencyHistogram {
  /** One count a bucket, not added up. */
  readonly counts: readonly number[];
  readonly sumMs: number;
}

/** Two histograms as one. */
export const addHistograms = (one: LatencyHistogram, other: LatencyHistogram): LatencyHistogram => ({
  counts: one.counts.map((count, at) => count + (other.counts[at] ?? 0)),
  sumMs: one.sumMs + other.sumMs,
});
export const emptyHistogram: LatencyHistogram = { counts: new Array(latencyBuckets).fill(0), sumMs: 0 };
