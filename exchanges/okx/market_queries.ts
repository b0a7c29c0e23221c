/**
 * What can be asked of OKX without an account: klines, past funding rates, its clock, its maintenance. Lists are read
 * page by page from the newest back; a row that can't be read makes the whole answer unreadable.
 */
import * as v from "valibot";
import {
  BerthError,
  type FundingRate,
  type InstrumentId,
  type InstrumentStatus,
  intervalMs,
  type Kline,
  type KlineInterval,
  type MarketQueries,
  maxHistoryRows,
  type TimeRange,
} from "@berth/sdk";
import type { InstrumentBook, OkxInstrument } from "./instruments.ts";
import type { RestClient } from "./rest.ts";
import { statusOf } from "./venue_status.ts";
import { fundingRateRowSchema, numberOf, timeRowSchema } from "./wire.ts";

/** OKX's names; the plain ones from 6H on begin their day at 16:00 UTC, which nobody else does. */
const bars = {
  "1m": "1m",
  "3m": "3m",
  "5m": "5m",
  "15m": "15m",
  "30m": "30m",
  "1h": "1H",
  "2h": "2H",
  "4h": "4H",
  "6h": "6Hutc",
  "12h": "12Hutc",
  "1d": "1Dutc",
  "3d": "3Dutc",
  "1w": "1Wutc",
  "1M": "1Mutc",
} as const satisfies Partial<Record<KlineInterval, string>>;
type OkxInterval = keyof typeof bars;
const intervals = [
  "1m",
  "3m",
  "5m",
  "15m",
  "30m",
  "1h",
  "2h",
  "4h",
  "6h",
  "12h",
  "1d",
  "3d",
  "1w",
  "1M",
] as const satisfies readonly OkxInterval[];
const isInterval = (interval: KlineInterval): interval is OkxInterval => Object.hasOwn(bars, interval);

/** `market/candles` knows the newest 1,440; a few less here, for new ones come while pages are turned. */
const recentBars = 1_400;
const candlesPage = 300;
const historyPage = 100;
const fundingPage = 100;
/** 5,000 rows by 100, and some for pages that hold less. */
const maxPages = 64;
const hourMs = 3_600_000;
const longestFundingHours = 24;

export interface QueriesOptions {
  readonly rest: RestClient;
  readonly instruments: InstrumentBook;
  /** By the venue's clock. */
  readonly venueNowMs: () => number;
  readonly isDemo: boolean;
}

interface Row {
  readonly tsMs: number;
}

export class OkxQueries implements MarketQueries {
  readonly klineIntervals: readonly KlineInterval[] = intervals;
  readonly #options: QueriesOptions;

  constructor(options: QueriesOptions) {
    this.#options = options;
  }

  async klines(
    instrument: InstrumentId,
    interval: KlineInterval,
    range: TimeRange,
    signal: AbortSignal,
  ): Promise<readonly Kline[]> {
    const one = this.#instrument(instrument, "klines");
    if (!isInterval(interval)) throw refusal("klines", "unsupported", `OKX has no klines of ${interval}`);
    const newestMs = this.#options.venueNowMs() - recentBars * intervalMs(interval);
    const rows = await this.#back(
      range,
      signal,
      (beforeMs) =>
        beforeMs > newestMs
          ? { path: "/api/v5/market/candles", limit: candlesPage }
          : { path: "/api/v5/market/history-candles", limit: historyPage },
      {
        instId: one.instId,
        bar: bars[interval],
      },
      (row) => klineOf(row, one),
    );
    return rows.map(({ kline }) => kline);
  }

  async fundingRates(
    instrument: InstrumentId,
    range: TimeRange,
    signal: AbortSignal,
  ): Promise<readonly FundingRate[]> {
    const one = this.#instrument(instrument, "funding rates");
    if (one.instrument.kind !== "perpetual") return [];
    const source = { path: "/api/v5/public/funding-rate-history", limit: fundingPage };
    const rows = await this.#back(range, signal, () => source, { instId: one.instId }, fundingOf);
    return rows.map(({ tsMs, fundingRate }, at) => ({
      fundingRate,
      intervalHours: hoursBetween(rows[at - 1]?.tsMs, tsMs),
      tsVenueMs: tsMs,
    }));
  }

  async serverTimeMs(signal: AbortSignal): Promise<number> {
    const path = "/api/v5/public/time";
    const [row] = await this.#options.rest.rows(path, {}, { isPrivate: false, signal });
    const parsed = v.safeParse(timeRowSchema, row);
    if (!parsed.success) throw invalid(path, "it names no time");
    return Number(parsed.output.ts);
  }

  async venueStatus(signal: AbortSignal): Promise<InstrumentStatus> {
    const path = "/api/v5/system/status";
    return statusOf(
      await this.#options.rest.rows(path, {}, { isPrivate: false, signal }),
      this.#options.isDemo,
    );
  }

  #instrument(id: InstrumentId, what: string): OkxInstrument {
    const one = this.#options.instruments.byId(id);
    if (one === undefined) throw refusal(what, "instrument_unknown", `${id} is not listed`);
    return one;
  }

  /** Rows of the range, oldest first, at most `maxHistoryRows` of the newest. */
  async #back<T extends Row>(
    { fromMs, toMs }: TimeRange,
    signal: AbortSignal,
    sourceOf: (beforeMs: number) => { readonly path: string; readonly limit: number },
    query: Readonly<Record<string, string>>,
    read: (row: unknown) => T | undefined,
  ): Promise<readonly T[]> {
    const found: T[] = [];
    let beforeMs = Math.ceil(toMs);
    let last = "";
    for (let page = 0; page < maxPages && beforeMs > fromMs && found.length < maxHistoryRows; page++) {
      const { path, limit } = sourceOf(beforeMs);
      const rows = await this.#options.rest.rows(
        path,
        { ...query, after: String(beforeMs), limit: String(limit) },
        { isPrivate: false, signal },
      );
      const parsed = rows.map((row) => {
        const one = read(row);
        if (one === undefined) throw invalid(path, "a row can't be read");
        return one;
      }).sort((a, b) => b.tsMs - a.tsMs);
      for (const one of parsed) if (one.tsMs < beforeMs && one.tsMs >= fromMs) found.push(one);
      const oldestMs = parsed.at(-1)?.tsMs;
      if (oldestMs === undefined || oldestMs >= beforeMs) {
        // The recent list ends where the older one goes on; an empty page of the older one is the end.
        const older = sourceOf(-Infinity);
        if (path === older.path || last === older.path) break;
        sourceOf = () => older;
      } else beforeMs = oldestMs;
      last = path;
    }
    return found.slice(0, maxHistoryRows).reverse();
  }
}

function klineOf(row: unknown, one: OkxInstrument): (Row & { readonly kline: Kline }) | undefined {
  if (!Array.isArray(row)) return undefined;
  const [tsOpenMs = NaN, openPrice = NaN, highPrice = NaN, lowPrice = NaN, closePrice = NaN, first, second] =
    row.map(
      numberOf,
    );
  const prices = [openPrice, highPrice, lowPrice, closePrice];
  if (!(tsOpenMs > 0) || !Number.isSafeInteger(tsOpenMs) || !prices.every((price) => price > 0)) {
    return undefined;
  }
  // Contracts and base units; of spot base units and quote units.
  const volumeBase = (one.instType === "SPOT" ? first : second) ?? NaN;
  return { tsMs: tsOpenMs, kline: { tsOpenMs, openPrice, highPrice, lowPrice, closePrice, volumeBase } };
}

function fundingOf(row: unknown): (Row & { readonly fundingRate: number }) | undefined {
  const parsed = v.safeParse(fundingRateRowSchema, row);
  if (!parsed.success) return undefined;
  const { fundingTime, realizedRate, fundingRate } = parsed.output;
  // What was paid; the other one was foretold.
  return {
    tsMs: Number(fundingTime),
    fundingRate: numberOf(realizedRate === "" ? fundingRate : realizedRate),
  };
}

/** The rate of a funding time is that of the interval before it. */
function hoursBetween(earlierMs: number | undefined, laterMs: number): number | undefined {
  const hours = (laterMs - (earlierMs ?? NaN)) / hourMs;
  return Number.isInteger(hours) && hours > 0 && hours <= longestFundingHours ? hours : undefined;
}

const invalid = (path: string, reason: string) =>
  new BerthError("VENUE_ANSWER_INVALID", { venue: "okx", request: `GET ${path}`, reason });

const refusal = (request: string, code: "instrument_unknown" | "unsupported", venueText: string) =>
  new BerthError("VENUE_REFUSED", { venue: "okx", request, venueCode: "", venueText, code });
