/** Counts the quotes of one instrument as they come: rate over some ten seconds, mean latency. Allocates nothing. */

/** Of an instrument's quotes since the plugin runs. */
export interface QuoteStatistics {
  /** Quotes that its adapter published, those included that the plugin did not see because a newer one came. */
  readonly updates: number;
  /** Over the last ten to twenty seconds. */
  readonly updatesPerSecond: number;
  /** Receive time − venue time, mean over about the last hundred quotes; NaN before the first. */
  readonly averageLatencyMs: number;
  /** Now − receive time; Infinity before the first. */
  readonly ageMs: number;
}

const windowUs = 10_000_000;
const smoothing = 2 / 101;

export class QuoteMeter {
  #firstSequence = NaN;
  #lastSequence = NaN;
  #lastUs = NaN;
  #latencyMs = NaN;
  /** Where the window before this one, and this one, began. */
  #olderUs = NaN;
  #olderSequence = NaN;
  #windowUs = NaN;
  #windowSequence = NaN;

  onQuote(sequence: number, tsVenueMs: number, tsRecvUs: number): void {
    const latencyMs = tsRecvUs / 1000 - tsVenueMs;
    if (this.#firstSequence !== this.#firstSequence) {
      this.#firstSequence = sequence - 1;
      this.#olderUs = this.#windowUs = tsRecvUs;
      this.#olderSequence = this.#windowSequence = sequence - 1;
      this.#latencyMs = latencyMs;
    } else this.#latencyMs += smoothing * (latencyMs - this.#latencyMs);
    this.#lastSequence = sequence;
    this.#lastUs = tsRecvUs;
    if (tsRecvUs - this.#windowUs < windowUs) return;
    this.#olderUs = this.#windowUs;
    this.#olderSequence = this.#windowSequence;
    this.#windowUs = tsRecvUs;
    this.#windowSequence = sequence;
  }

  /** An adapter that began anew counts from the start again. */
  statistics(nowUs: number): QuoteStatistics {
    const isNew = this.#lastUs !== this.#lastUs;
    const seconds = Math.max(1, (nowUs - this.#olderUs) / 1_000_000);
    return {
      updates: isNew ? 0 : Math.max(0, this.#lastSequence - this.#firstSequence),
      updatesPerSecond: isNew ? 0 : Math.max(0, this.#lastSequence - this.#olderSequence) / seconds,
      averageLatencyMs: this.#latencyMs,
      ageMs: isNew ? Infinity : (nowUs - this.#lastUs) / 1000,
    };
  }
}
