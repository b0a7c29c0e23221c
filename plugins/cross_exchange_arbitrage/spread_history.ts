/**
 * What the spread of one direction of a pair has been: a bounded sample of the past, and from it a threshold for
 * entering. Pure apart from its own samples; time comes with each call.
 */

export type EntryMode = "fixed" | "percentile" | "z_score";

export interface ThresholdSettings {
  readonly entryMode: EntryMode;
  /** Samples kept, and needed before a percentile or z-score says anything. */
  readonly historyLength: number;
  readonly minSamples: number;
  /** Between two samples. */
  readonly sampleEveryMs: number;
  /** Percentile mode: 0 to 100, and the bounds that its result is held in. */
  readonly entryPercentile: number;
  readonly floorBps: number;
  readonly ceilingBps: number;
  /** Z-score mode: deviations from the mean at which to enter, and the slowest return to the mean that is trusted. */
  readonly entryZ: number;
  readonly maxHalfLifeMs: number;
}

/** Mean and deviation of the spread when a position was entered: exits are judged by it, not by what came after. */
export interface Baseline {
  readonly meanBps: number;
  readonly deviationBps: number;
}

export type EntryVerdict =
  | { readonly kind: "enter"; readonly thresholdBps: number; readonly baseline: Baseline | undefined }
  | { readonly kind: "wait"; readonly thresholdBps: number; readonly why: string };

/** Renewed this often: sorting and regressing on every quote would be a waste. */
const renewEveryMs = 5_000;

export class SpreadHistory {
  readonly #settings: ThresholdSettings;
  readonly #samples: Float64Array;
  #next = 0;
  #count = 0;
  #sampledMs = -Infinity;
  #renewedMs = -Infinity;
  #percentileBps = NaN;
  #baseline: Baseline | undefined;
  #halfLifeMs: number | undefined;

  constructor(settings: ThresholdSettings) {
    this.#settings = settings;
    this.#samples = new Float64Array(settings.historyLength);
  }

  get count(): number {
    return this.#count;
  }

  /** Takes the spread of this moment, at most one a sampling period; what is no number is left out. */
  add(spreadBps: number, nowMs: number): void {
    if (!Number.isFinite(spreadBps) || nowMs - this.#sampledMs < this.#settings.sampleEveryMs) return;
    this.#sampledMs = nowMs;
    this.#samples[this.#next] = spreadBps;
    this.#next = (this.#next + 1) % this.#samples.length;
    this.#count = Math.min(this.#count + 1, this.#samples.length);
  }

  /** Whether a spread is worth entering by its own past; the costs are judged elsewhere. */
  judge(spreadBps: number, nowMs: number): EntryVerdict {
    const { entryMode, minSamples, ceilingBps, floorBps, entryZ, maxHalfLifeMs } = this.#settings;
    if (entryMode === "fixed") return { kind: "enter", thresholdBps: -Infinity, baseline: undefined };
    if (nowMs - this.#renewedMs >= renewEveryMs) this.#renew(nowMs);
    const { count } = this;
    if (entryMode === "percentile") {
      // Until enough is known only what is beyond the ceiling counts.
      const thresholdBps = count < minSamples
        ? ceilingBps
        : Math.min(ceilingBps, Math.max(floorBps, this.#percentileBps));
      return spreadBps >= thresholdBps
        ? { kind: "enter", thresholdBps, baseline: undefined }
        : { kind: "wait", thresholdBps, why: "under the percentile of the spreads so far" };
    }
    const baseline = this.#baseline;
    if (count < minSamples || baseline === undefined) {
      return { kind: "wait", thresholdBps: Infinity, why: `${count} of ${minSamples} spreads are known` };
    }
    const thresholdBps = baseline.meanBps + entryZ * baseline.deviationBps;
    if (this.#halfLifeMs === undefined) {
      return { kind: "wait", thresholdBps, why: "the spread does not return to its mean" };
    }
    if (this.#halfLifeMs > maxHalfLifeMs) {
      return { kind: "wait", thresholdBps, why: "the spread returns to its mean too slowly" };
    }
    return spreadBps >= thresholdBps
      ? { kind: "enter", thresholdBps, baseline }
      : { kind: "wait", thresholdBps, why: "within the usual spreads" };
  }

  #renew(nowMs: number): void {
    this.#renewedMs = nowMs;
    const ordered = this.#ordered();
    this.#percentileBps = percentile(ordered, this.#settings.entryPercentile);
    this.#baseline = baselineOf(ordered);
    const steps = halfLifeSteps(ordered);
    this.#halfLifeMs = steps === undefined ? undefined : steps * this.#settings.sampleEveryMs;
  }

  /** Oldest first. */
  #ordered(): Float64Array {
    if (this.#count < this.#samples.length) return this.#samples.slice(0, this.#count);
    const ordered = new Float64Array(this.#count);
    ordered.set(this.#samples.subarray(this.#next));
    ordered.set(this.#samples.subarray(0, this.#next), this.#samples.length - this.#next);
    return ordered;
  }
}

/** With linear interpolation between ranks; NaN of nothing. */
export function percentile(values: Float64Array, percent: number): number {
  if (values.length === 0) return NaN;
  const sorted = values.toSorted();
  const rank = (Math.min(100, Math.max(0, percent)) / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(rank)] ?? NaN;
  const above = sorted[Math.ceil(rank)] ?? NaN;
  return below + (above - below) * (rank - Math.floor(rank));
}

/** Sample mean and deviation; undefined of fewer than two values or of values that are all the same. */
export function baselineOf(values: Float64Array): Baseline | undefined {
  if (values.length < 2) return undefined;
  const meanBps = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - meanBps) ** 2, 0);
  const deviationBps = Math.sqrt(squares / (values.length - 1));
  return deviationBps > 0 ? { meanBps, deviationBps } : undefined;
}

/**
 * Samples after which half of a deviation from the mean is gone, by the regression of each change on the value before
 * it (an Ornstein–Uhlenbeck process in discrete time): x[t] − x[t−1] = a + b x[t−1], half-life = −ln 2 ÷ ln(1 + b).
 * Undefined when the series does not return to its mean.
 */
export function halfLifeSteps(values: Float64Array): number | undefined {
  const count = values.length - 1;
  if (count < 3) return undefined;
  let sumX = 0;
  let sumY = 0;
  let sumXX = 0;
  let sumXY = 0;
  for (let index = 0; index < count; index++) {
    const x = values[index] ?? 0;
    const y = (values[index + 1] ?? 0) - x;
    sumX += x;
    sumY += y;
    sumXX += x * x;
    sumXY += x * y;
  }
  const variance = sumXX - (sumX * sumX) / count;
  if (!(variance > 0)) return undefined;
  const slope = (sumXY - (sumX * sumY) / count) / variance;
  if (!(slope < 0 && slope > -1)) return slope <= -1 ? 0 : undefined;
  return -Math.LN2 / Math.log(1 + slope);
}
