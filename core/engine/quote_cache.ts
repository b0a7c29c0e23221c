/**
 * The newest quote, mark and trade of every instrument, in typed arrays indexed by instrument: writing one allocates
 * nothing, reading one is an array access. Ages are asked for with a time; the cache has no clock.
 *
 * Invariants:
 * 1. A record from REST never replaces a newer one (by venue time) from the stream.
 * 2. What was never received is NaN (prices) or has infinite age, so that every comparison with it is false.
 */
import type { DataSource } from "../model/quote.ts";
import { latencyBucket, latencyBuckets, type LatencyHistogram } from "../model/latency_histogram.ts";
import type { InstrumentIndex } from "./events.ts";

const rateWindowUs = 10_000_000;
const latencyWindowUs = 30_000_000;
/** Weight of the newest sample in the moving average of latency. */
const latencyWeight = 0.05;
const initialCapacity = 32;

function grown(array: Float64Array, capacity: number, fill: number): Float64Array {
  const larger = new Float64Array(capacity).fill(fill);
  larger.set(array);
  return larger;
}

const column = (fill: number): Float64Array => new Float64Array(initialCapacity).fill(fill);

export class QuoteCache {
  #size = 0;
  #capacity = initialCapacity;
  #bidPrice = column(NaN);
  #bidSize = column(0);
  #askPrice = column(NaN);
  #askSize = column(0);
  #sequence = column(0);
  #tsVenueMs = column(NaN);
  #tsRecvUs = column(-Infinity);
  #updates = column(0);
  #rate = column(0);
  #latency = column(NaN);
  /** Smallest latency of this half minute and of the one before. */
  #latencyMin = column(Infinity);
  #latencyMinBefore = column(Infinity);
  #latencyWindowStartUs = column(-Infinity);
  /** Buckets of all instruments one after the other, and sums. */
  #latencyCounts: Float64Array = new Float64Array(initialCapacity * latencyBuckets);
  #latencySum = column(0);
  #gaps = column(0);
  #markPrice = column(NaN);
  #indexPrice = column(NaN);
  #fundingRate = column(NaN);
  #tsNextFundingMs = column(NaN);
  #markRecvUs = column(-Infinity);
  #tradePrice = column(NaN);
  #tradeRecvUs = column(-Infinity);
  #trades = column(0);

  /** Makes room for instruments 0 to `size - 1`. */
  reserve(size: number): void {
    this.#size = Math.max(this.#size, size);
    while (this.#capacity < this.#size) this.#grow();
  }

  get size(): number {
    return this.#size;
  }

  #grow(): void {
    const capacity = this.#capacity * 2;
    this.#bidPrice = grown(this.#bidPrice, capacity, NaN);
    this.#bidSize = grown(this.#bidSize, capacity, 0);
    this.#askPrice = grown(this.#askPrice, capacity, NaN);
    this.#askSize = grown(this.#askSize, capacity, 0);
    this.#sequence = grown(this.#sequence, capacity, 0);
    this.#tsVenueMs = grown(this.#tsVenueMs, capacity, NaN);
    this.#tsRecvUs = grown(this.#tsRecvUs, capacity, -Infinity);
    this.#updates = grown(this.#updates, capacity, 0);
    this.#rate = grown(this.#rate, capacity, 0);
    this.#latency = grown(this.#latency, capacity, NaN);
    this.#latencyMin = grown(this.#latencyMin, capacity, Infinity);
    this.#latencyMinBefore = grown(this.#latencyMinBefore, capacity, Infinity);
    this.#latencyWindowStartUs = grown(this.#latencyWindowStartUs, capacity, -Infinity);
    this.#latencyCounts = grown(this.#latencyCounts, capacity * latencyBuckets, 0);
    this.#latencySum = grown(this.#latencySum, capacity, 0);
    this.#gaps = grown(this.#gaps, capacity, 0);
    this.#markPrice = grown(this.#markPrice, capacity, NaN);
    this.#indexPrice = grown(this.#indexPrice, capacity, NaN);
    this.#fundingRate = grown(this.#fundingRate, capacity, NaN);
    this.#tsNextFundingMs = grown(this.#tsNextFundingMs, capacity, NaN);
    this.#markRecvUs = grown(this.#markRecvUs, capacity, -Infinity);
    this.#tradePrice = grown(this.#tradePrice, capacity, NaN);
    this.#tradeRecvUs = grown(this.#tradeRecvUs, capacity, -Infinity);
    this.#trades = grown(this.#trades, capacity, 0);
    this.#capacity = capacity;
  }

  /** Returns false for what was not taken: an unknown index, or an older record from REST. */
  setQuote(
    index: InstrumentIndex,
    bidPrice: number,
    bidSizeBase: number,
    askPrice: number,
    askSizeBase: number,
    sequence: number,
    tsVenueMs: number,
    tsRecvUs: number,
    source: DataSource,
  ): boolean {
    if (!(index >= 0 && index < this.#size)) return false;
    if (source === "rest" && tsVenueMs < this.#tsVenueMs[index]!) return false;
    const before = this.#tsRecvUs[index]!;
    this.#bidPrice[index] = bidPrice;
    this.#bidSize[index] = bidSizeBase;
    this.#askPrice[index] = askPrice;
    this.#askSize[index] = askSizeBase;
    const expected = this.#sequence[index]! + 1;
    if (sequence > expected && this.#updates[index]! > 0) this.#gaps[index]! += sequence - expected;
    this.#sequence[index] = sequence;
    this.#tsVenueMs[index] = tsVenueMs;
    this.#tsRecvUs[index] = tsRecvUs;
    this.#updates[index]! += 1;
    const sinceUs = tsRecvUs - before;
    const decay = sinceUs > 0 ? Math.exp(-sinceUs / rateWindowUs) : 1;
    this.#rate[index] = this.#rate[index]! * decay + 1e6 / rateWindowUs;
    if (tsVenueMs > 0 && source === "stream") {
      this.#countLatency(index, tsRecvUs / 1000 - tsVenueMs, tsRecvUs);
    }
    return true;
  }

  #countLatency(index: InstrumentIndex, latencyMs: number, tsRecvUs: number): void {
    this.#latencyCounts[index * latencyBuckets + latencyBucket(latencyMs)]! += 1;
    this.#latencySum[index]! += latencyMs;
    const average = this.#latency[index]!;
    this.#latency[index] = average === average ? average + latencyWeight * (latencyMs - average) : latencyMs;
    const windowAgeUs = tsRecvUs - this.#latencyWindowStartUs[index]!;
    if (!(windowAgeUs < latencyWindowUs)) {
      this.#latencyMinBefore[index] = windowAgeUs < 2 * latencyWindowUs ? this.#latencyMin[index]! : Infinity;
      this.#latencyMin[index] = latencyMs;
      this.#latencyWindowStartUs[index] = tsRecvUs;
    } else if (latencyMs < this.#latencyMin[index]!) {
      this.#latencyMin[index] = latencyMs;
    }
  }

  /** Receive time − venue time of all quotes from streams since the start. */
  latencyHistogram(index: InstrumentIndex): LatencyHistogram {
    const from = index * latencyBuckets;
    return {
      counts: [...this.#latencyCounts.subarray(from, from + latencyBuckets)],
      sumMs: this.#latencySum[index] ?? 0,
    };
  }

  setMark(
    index: InstrumentIndex,
    markPrice: number,
    indexPrice: number,
    fundingRate: number,
    tsNextFundingMs: number,
    tsRecvUs: number,
  ): void {
    if (!(index >= 0 && index < this.#size)) return;
    if (markPrice === markPrice) {
      this.#markPrice[index] = markPrice;
      this.#markRecvUs[index] = tsRecvUs;
    }
    if (indexPrice === indexPrice) this.#indexPrice[index] = indexPrice;
    if (fundingRate === fundingRate) this.#fundingRate[index] = fundingRate;
    if (tsNextFundingMs === tsNextFundingMs) this.#tsNextFundingMs[index] = tsNextFundingMs;
  }

  setTrade(index: InstrumentIndex, price: number, tsRecvUs: number): void {
    if (!(index >= 0 && index < this.#size)) return;
    this.#tradePrice[index] = price;
    this.#tradeRecvUs[index] = tsRecvUs;
    this.#trades[index]! += 1;
  }

  bidPrice = (index: InstrumentIndex): number => this.#bidPrice[index] ?? NaN;
  bidSizeBase = (index: InstrumentIndex): number => this.#bidSize[index] ?? 0;
  askPrice = (index: InstrumentIndex): number => this.#askPrice[index] ?? NaN;
  askSizeBase = (index: InstrumentIndex): number => this.#askSize[index] ?? 0;
  sequence = (index: InstrumentIndex): number => this.#sequence[index] ?? 0;
  tsRecvUs = (index: InstrumentIndex): number => this.#tsRecvUs[index] ?? -Infinity;
  updates = (index: InstrumentIndex): number => this.#updates[index] ?? 0;
  trades = (index: InstrumentIndex): number => this.#trades[index] ?? 0;
  gaps = (index: InstrumentIndex): number => this.#gaps[index] ?? 0;
  markPrice = (index: InstrumentIndex): number => this.#markPrice[index] ?? NaN;
  indexPrice = (index: InstrumentIndex): number => this.#indexPrice[index] ?? NaN;
  fundingRate = (index: InstrumentIndex): number => this.#fundingRate[index] ?? NaN;
  tsNextFundingMs = (index: InstrumentIndex): number => this.#tsNextFundingMs[index] ?? NaN;
  tradePrice = (index: InstrumentIndex): number => this.#tradePrice[index] ?? NaN;
  /** Receive time − venue time, moving average. NaN before the first. */
  latencyAverageMs = (index: InstrumentIndex): number => this.#latency[index] ?? NaN;

  /** Infinity when there was none. */
  quoteAgeMs = (index: InstrumentIndex, nowUs: number): number => (nowUs - this.tsRecvUs(index)) / 1000;
  markAgeMs = (index: InstrumentIndex, nowUs: number): number =>
    (nowUs - (this.#markRecvUs[index] ?? -Infinity)) / 1000;
  tradeAgeMs = (index: InstrumentIndex, nowUs: number): number =>
    (nowUs - (this.#tradeRecvUs[index] ?? -Infinity)) / 1000;

  /** Smallest receive time − venue time of the last half to whole minute; NaN when none was measured. */
  leastLatencyMs(index: InstrumentIndex): number {
    const least = Math.min(this.#latencyMin[index] ?? Infinity, this.#latencyMinBefore[index] ?? Infinity);
    return least === Infinity ? NaN : least;
  }

  /** Quotes a second over about the last ten seconds. */
  updatesPerSecond(index: InstrumentIndex, nowUs: number): number {
    const sinceUs = nowUs - this.tsRecvUs(index);
    return (this.#rate[index] ?? 0) * (sinceUs > 0 ? Math.exp(-sinceUs / rateWindowUs) : 1);
  }

  /** Bid at or above ask with both sides there: one of them is old or wrong. */
  isCrossed(index: InstrumentIndex): boolean {
    return this.bidPrice(index) >= this.askPrice(index) && this.bidSizeBase(index) > 0 &&
      this.askSizeBase(index) > 0;
  }

  /** (bid + ask) / 2, or NaN when a side is missing. */
  midPrice(index: InstrumentIndex): number {
    return (this.bidPrice(index) + this.askPrice(index)) / 2;
  }
}
