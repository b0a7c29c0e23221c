/**
 * What the spreads between venues were in a recording: how wide, how often beyond the costs, how fast they went back, and
 * what must be entered at for a pair to pay when it is closed at what was usual.
 */
import type { Instrument } from "../model/instrument.ts";
import { halfLifeSteps, meanAndDeviation, percentile } from "../model/series.ts";
import { recordBytes, recordKinds, recordOffsets } from "../protocol/records.ts";
import type { MarketData } from "../recording/market_data.ts";
import { openRecording } from "../recording/reader.ts";

export interface SpreadAnalysisOptions {
  /** Between two samples. */
  readonly sampleMs: number;
  /** Both quotes must have been received within this time. */
  readonly maxAgeMs: number;
}

/** One direction of one pair of venues. Spreads are (bid − ask) ÷ mean in bps: positive can be bought and sold at once. */
export interface SpreadRow {
  readonly symbol: string;
  readonly buyVenue: string;
  readonly sellVenue: string;
  readonly samples: number;
  readonly meanBps: number;
  readonly deviationBps: number;
  readonly p50Bps: number;
  readonly p75Bps: number;
  readonly p90Bps: number;
  readonly p99Bps: number;
  readonly largestBps: number;
  /** Time after which half of a deviation from the mean is gone; NaN where it does not go back. */
  readonly halfLifeMs: number;
  /** Taker fees of all four legs, as the recording's instruments have them. */
  readonly feesBps: number;
  /**
   * Spread at which a pair pays its fees if it is closed at the median of the way back: fees − median of the other direction.
   * What the arbitrage's `entryFloorBps` should not be under.
   */
  readonly breakEvenBps: number;
  /** Of the samples. */
  readonly breakEvenShare: number;
  /** Percentile of the spreads that the break-even is: what `entryPercentile` should not be under; 100 where none reached it. */
  readonly breakEvenPercentile: number;
  /** How often a day the spread came to the break-even from below. */
  readonly entriesPerDay: number;
}

/** More than this is thinned out by the sampling period. */
const maxSamples = 2_000_000;
const dayMs = 86_400_000;

interface Direction {
  readonly buy: number;
  readonly sell: number;
  values: Float64Array;
  count: number;
}

const linearPairs = (instruments: readonly Instrument[]): Direction[] =>
  instruments.flatMap((one, buy) =>
    instruments.flatMap((other, sell) =>
      one.symbol === other.symbol && one.venue !== other.venue && one.settlement === "linear" &&
        other.settlement === "linear"
        ? [{ buy, sell, values: new Float64Array(1_024), count: 0 }]
        : []
    )
  );

function add(direction: Direction, value: number): void {
  if (direction.count >= maxSamples) return;
  if (direction.count === direction.values.length) {
    const grown = new Float64Array(direction.values.length * 2);
    grown.set(direction.values);
    direction.values = grown;
  }
  direction.values[direction.count++] = value;
}

/** Every direction of every pair of venues that a recording has a symbol of, in the order of the instruments. */
export async function analyseSpreads(
  data: MarketData,
  { sampleMs, maxAgeMs }: SpreadAnalysisOptions,
): Promise<readonly SpreadRow[]> {
  const { instruments } = data;
  const directions = linearPairs(instruments);
  const quotes = instruments.map(() => ({ bidPrice: NaN, askPrice: NaN, tsUs: -Infinity }));
  let nextUs = -Infinity;
  const sampleUntil = (nowUs: number): void => {
    if (nextUs === -Infinity) nextUs = nowUs + sampleMs * 1_000;
    for (; nextUs <= nowUs; nextUs += sampleMs * 1_000) {
      for (const direction of directions) {
        const [buy, sell] = [quotes[direction.buy], quotes[direction.sell]];
        if (buy === undefined || sell === undefined) continue;
        if (!(nextUs - Math.min(buy.tsUs, sell.tsUs) <= maxAgeMs * 1_000)) continue;
        const spreadBps = ((sell.bidPrice - buy.askPrice) / ((sell.bidPrice + buy.askPrice) / 2)) * 10_000;
        if (Number.isFinite(spreadBps)) add(direction, spreadBps);
      }
    }
  };
  for await (const batch of data.batches()) {
    if (batch.kind !== "records") continue;
    const view = new DataView(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength);
    for (let at = 0; at < batch.bytes.byteLength; at += recordBytes) {
      if (view.getUint8(at) !== recordKinds.quote) continue;
      const tsUs = view.getFloat64(at + recordOffsets.tsRecvUs, true);
      sampleUntil(tsUs);
      const quote = quotes[view.getUint32(at + recordOffsets.index, true)];
      if (quote === undefined) continue;
      quote.bidPrice = view.getFloat64(at + recordOffsets.first, true);
      quote.askPrice = view.getFloat64(at + recordOffsets.third, true);
      quote.tsUs = tsUs;
    }
  }
  return directions.filter(({ count }) => count > 0)
    .map((direction) => rowOf(direction, directions, instruments, sampleMs));
}

/** @throws {BerthError} RECORDING_UNREADABLE, BACKTEST_NO_DATA */
export const analyseRecording = async (
  path: string,
  options: SpreadAnalysisOptions,
): Promise<readonly SpreadRow[]> => await analyseSpreads(await openRecording(path), options);

function rowOf(
  direction: Direction,
  all: readonly Direction[],
  instruments: readonly Instrument[],
  sampleMs: number,
): SpreadRow {
  const { buy, sell, count } = direction;
  const values = direction.values.subarray(0, count);
  const [from, to] = [instruments[buy], instruments[sell]];
  const back = all.find((one) => one.buy === sell && one.sell === buy);
  const backBps = back === undefined ? NaN : percentile(back.values.subarray(0, back.count), 50);
  const feesBps = 2 * ((from?.takerFeeBps ?? NaN) + (to?.takerFeeBps ?? NaN));
  const breakEvenBps = feesBps - backBps;
  const usual = meanAndDeviation(values);
  const steps = halfLifeSteps(values);
  let reached = 0;
  let entries = 0;
  for (let at = 0; at < count; at++) {
    if (!((values[at] ?? NaN) >= breakEvenBps)) continue;
    reached++;
    if (!((values[at - 1] ?? NaN) >= breakEvenBps)) entries++;
  }
  return {
    symbol: from?.symbol ?? "",
    buyVenue: from?.venue ?? "",
    sellVenue: to?.venue ?? "",
    samples: count,
    meanBps: usual?.mean ?? values[0] ?? NaN,
    deviationBps: usual?.deviation ?? 0,
    p50Bps: percentile(values, 50),
    p75Bps: percentile(values, 75),
    p90Bps: percentile(values, 90),
    p99Bps: percentile(values, 99),
    largestBps: percentile(values, 100),
    halfLifeMs: steps === undefined ? NaN : steps * sampleMs,
    feesBps,
    breakEvenBps,
    breakEvenShare: reached / count,
    breakEvenPercentile: 100 * (1 - reached / count),
    entriesPerDay: entries / ((count * sampleMs) / dayMs),
  };
}
