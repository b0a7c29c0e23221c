/**
 * What the spread of one direction of a pair has been: a bounded sample of the past, and from it a threshold for
 * entering. Pure apart from its own samples; time comes with each call.
 */
import { halfLifeSteps, meanAndDeviation, percentile } from "@berth/sdk";

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
    const usual = meanAndDeviation(ordered);
    this.#baseline = usual === undefined ? undefined : { meanBps: usual.mean, deviationBps: usual.deviation };
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
