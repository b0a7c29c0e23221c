/**
 * How a venue's feed is doing: updates a second, latency over the last minute, gaps, for each channel of each instrument
 * and together. Plain counting into arrays made once: no garbage.
 */
import type { Clock } from "../../model/clock.ts";
import type { InstrumentId } from "../../model/ids.ts";
import type { ChannelStatistics } from "../../model/venue_health.ts";

const windowUs = 60_000_000;
const channelSamples = 256;
const venueSamples = 4_096;

export interface LatencySummary {
  readonly averageMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** The newest samples of latency, and when each was taken. */
class LatencyWindow {
  readonly #latenciesMs: Float64Array;
  readonly #takenUs: Float64Array;
  #next = 0;

  constructor(capacity: number) {
    this.#latenciesMs = new Float64Array(capacity);
    this.#takenUs = new Float64Array(capacity).fill(-Infinity);
  }

  add(latencyMs: number, tsRecvUs: number): void {
    this.#latenciesMs[this.#next] = latencyMs;
    this.#takenUs[this.#next] = tsRecvUs;
    this.#next = (this.#next + 1) % this.#latenciesMs.length;
  }

  /** Of the last minute; undefined when there was nothing. */
  summary(nowUs: number): LatencySummary | undefined {
    const oldestUs = nowUs - windowUs;
    const recent = this.#latenciesMs.filter((_, at) => (this.#takenUs[at] ?? -Infinity) >= oldestUs).sort();
    if (recent.length === 0) return undefined;
    const at = (share: number): number => recent[Math.ceil(recent.length * share) - 1] ?? NaN;
    const averageMs = recent.reduce((sum, value) => sum + value, 0) / recent.length;
    return { averageMs, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
  }
}

/** Counts one channel. */
export class ChannelMeter {
  readonly instrument: InstrumentId | undefined;
  readonly channel: string;
  readonly #latency = new LatencyWindow(channelSamples);
  readonly #venueLatency: LatencyWindow | undefined;
  #updates = 0;
  #updatesBefore = 0;
  #gaps = 0;
  #lastRecvUs = -Infinity;

  constructor(
    instrument: InstrumentId | undefined,
    channel: string,
    venueLatency: LatencyWindow | undefined,
  ) {
    this.instrument = instrument;
    this.channel = channel;
    this.#venueLatency = venueLatency;
  }

  get updates(): number {
    return this.#updates;
  }
  get gaps(): number {
    return this.#gaps;
  }

  /** Receive time − venue time is the latency, negative when the clocks disagree; NaN venue time for none stated. */
  update(tsVenueMs: number, tsRecvUs: number): void {
    this.#updates += 1;
    this.#lastRecvUs = tsRecvUs;
    const latencyMs = tsRecvUs / 1_000 - tsVenueMs;
    if (latencyMs !== latencyMs) return;
    this.#latency.add(latencyMs, tsRecvUs);
    this.#venueLatency?.add(latencyMs, tsRecvUs);
  }

  /** A break in the channel's sequence. */
  gap(): void {
    this.#gaps += 1;
  }

  statistics(nowUs: number, elapsedMs: number): ChannelStatistics {
    const latency = this.#latency.summary(nowUs);
    const fresh = this.#updates - this.#updatesBefore;
    this.#updatesBefore = this.#updates;
    return {
      instrument: this.instrument,
      channel: this.channel,
      updates: this.#updates,
      updatesPerSecond: elapsedMs > 0 ? (fresh * 1_000) / elapsedMs : 0,
      heartbeatAgeMs: this.#lastRecvUs === -Infinity ? undefined : (nowUs - this.#lastRecvUs) / 1_000,
      latencyAverageMs: latency?.averageMs,
      latencyP50Ms: latency?.p50Ms,
      latencyP99Ms: latency?.p99Ms,
      latencyMaxMs: latency?.maxMs,
      gaps: this.#gaps,
    };
  }
}

export class FeedStatistics {
  readonly #clock: Clock;
  readonly #meters = new Map<string, ChannelMeter>();
  readonly #quoteLatency = new LatencyWindow(venueSamples);
  #updatesBefore = 0;
  #rateMarkMs: number;
  #channelsMarkMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#rateMarkMs = clock.monotonicMs();
    this.#channelsMarkMs = this.#rateMarkMs;
  }

  /** The meter of a channel, the same one each time: keep it where the channel is read. */
  meter(instrument: InstrumentId | undefined, channel: string): ChannelMeter {
    const key = `${instrument ?? ""}/${channel}`;
    const known = this.#meters.get(key);
    if (known !== undefined) return known;
    const made = new ChannelMeter(
      instrument,
      channel,
      channel === "quotes" ? this.#quoteLatency : undefined,
    );
    this.#meters.set(key, made);
    return made;
  }

  /** Of a frame that is no update: what tells the latency where a venue states no time with its quotes. */
  noteLatency(tsVenueMs: number, tsRecvUs: number): void {
    const latencyMs = tsRecvUs / 1_000 - tsVenueMs;
    if (latencyMs === latencyMs) this.#quoteLatency.add(latencyMs, tsRecvUs);
  }

  get updates(): number {
    let sum = 0;
    for (const meter of this.#meters.values()) sum += meter.updates;
    return sum;
  }
  get gaps(): number {
    let sum = 0;
    for (const meter of this.#meters.values()) sum += meter.gaps;
    return sum;
  }

  /** Updates a second over all channels since the last call. */
  takeUpdatesPerSecond(): number {
    const nowMs = this.#clock.monotonicMs();
    const elapsedMs = nowMs - this.#rateMarkMs;
    const { updates } = this;
    const perSecond = elapsedMs > 0 ? ((updates - this.#updatesBefore) * 1_000) / elapsedMs : 0;
    this.#updatesBefore = updates;
    this.#rateMarkMs = nowMs;
    return perSecond;
  }

  /** Of quotes of all instruments, and what was noted, over the last minute, at most the newest 4096; undefined when there were none. */
  quoteLatency(): LatencySummary | undefined {
    return this.#quoteLatency.summary(this.#clock.epochUs());
  }

  /** Every channel that was ever metered; rates are those since the last call. */
  takeChannels(): readonly ChannelStatistics[] {
    const nowMs = this.#clock.monotonicMs();
    const elapsedMs = nowMs - this.#channelsMarkMs;
    this.#channelsMarkMs = nowMs;
    const nowUs = this.#clock.epochUs();
    return [...this.#meters.values()].map((meter) => meter.statistics(nowUs, elapsedMs));
  }
}
