/**
 * What can be asked of Aster without an account: klines, past funding rates, its clock, whether it trades. Lists are read
 * page by page from the oldest on; a row that can't be read makes the whole answer unreadable.
 */
import * as v from "valibot";
import {
  BerthError,
  type FundingRate,
  type InstrumentId,
  type InstrumentStatus,
  type Kline,
  type KlineInterval,
  klineIntervals,
  type MarketQueries,
  maxHistoryRows,
  type TimeRange,
} from "@berth/sdk";
import type { AsterInstrument, InstrumentBook } from "./instruments.ts";
import { invalidAnswer, type Params, type RestClient } from "./rest.ts";
import { exchangeInfoSchema, fundingRateSchema, numberOf, timeOf, timeSchema } from "./wire.ts";

const rowsPerPage = 1_000;
/** Of a page of klines, and of one of funding rates. */
const klinesWeight = 5;
const fundingWeight = 1;
/** 5,000 rows by 1,000; funding of many years. */
const maxPages = 24;
const hourMs = 3_600_000;
const longestFundingHours = 24;

const rows = v.array(v.unknown());

interface Row {
  readonly tsMs: number;
}

export class AsterQueries implements MarketQueries {
  /** The venue names them as we do. */
  readonly klineIntervals: readonly KlineInterval[] = klineIntervals;
  readonly #rest: RestClient;
  readonly #instruments: InstrumentBook;

  constructor(rest: RestClient, instruments: InstrumentBook) {
    this.#rest = rest;
    this.#instruments = instruments;
  }

  async klines(
    instrument: InstrumentId,
    interval: KlineInterval,
    range: TimeRange,
    signal: AbortSignal,
  ): Promise<readonly Kline[]> {
    const { symbol } = this.#instrument(instrument, "klines");
    const source = { path: "/fapi/v3/klines", params: { symbol, interval }, weight: klinesWeight };
    const found = await this.#pages(source, range, signal, klineOf);
    return found.map(({ kline }) => kline);
  }

  async fundingRates(
    instrument: InstrumentId,
    range: TimeRange,
    signal: AbortSignal,
  ): Promise<readonly FundingRate[]> {
    const { symbol } = this.#instrument(instrument, "funding rates");
    const source = { path: "/fapi/v3/fundingRate", params: { symbol }, weight: fundingWeight };
    const found = await this.#pages(source, range, signal, fundingOf);
    return found.map(({ fundingRate, tsMs }, at) => ({
      fundingRate,
      intervalHours: hoursBetween(found[at - 1]?.tsMs, tsMs),
      tsVenueMs: tsMs,
    }));
  }

  async serverTimeMs(signal: AbortSignal): Promise<number> {
    const options = { isSigned: false, weight: 1, signal };
    return (await this.#rest.ask("/fapi/v3/time", {}, timeSchema, options)).serverTime;
  }

  /** The venue has no word on itself: it trades as long as one of its symbols does. */
  async venueStatus(signal: AbortSignal): Promise<InstrumentStatus> {
    const options = { isSigned: false, weight: 1, signal };
    const { symbols } = await this.#rest.ask("/fapi/v3/exchangeInfo", {}, exchangeInfoSchema, options);
    const isTrading = symbols.some((row) => v.is(v.object({ status: v.literal("TRADING") }), row));
    return isTrading ? "trading" : "halted";
  }

  #instrument(id: InstrumentId, what: string): AsterInstrument {
    const one = this.#instruments.byId(id);
    if (one !== undefined) return one;
    throw new BerthError("VENUE_REFUSED", {
      venue: "aster",
      request: what,
      venueCode: "",
      venueText: `${id} is not listed`,
      code: "instrument_unknown",
    });
  }

  /** Rows of the range, oldest first, at most `maxHistoryRows` of the newest. */
  async #pages<T extends Row>(
    { path, params, weight }: { readonly path: string; readonly params: Params; readonly weight: number },
    { fromMs, toMs }: TimeRange,
    signal: AbortSignal,
    read: (row: unknown) => T | undefined,
  ): Promise<readonly T[]> {
    const found: T[] = [];
    let startMs = Math.max(0, Math.ceil(fromMs));
    const endMs = Math.ceil(toMs) - 1;
    for (let page = 0; page < maxPages && startMs <= endMs; page++) {
      const query = {
        ...params,
        startTime: String(startMs),
        endTime: String(endMs),
        limit: String(rowsPerPage),
      };
      const answer = await this.#rest.ask(path, query, rows, { isSigned: false, weight, signal });
      const parsed = answer.map((row) => {
        const one = read(row);
        if (one === undefined) throw invalidAnswer(`GET ${path}`, "a row can't be read");
        return one;
      }).sort((a, b) => a.tsMs - b.tsMs);
      for (const one of parsed) if (one.tsMs >= startMs && one.tsMs <= endMs) found.push(one);
      const newestMs = parsed.at(-1)?.tsMs;
      // A page that does not lead on would be asked for again and again.
      if (newestMs === undefined || newestMs < startMs || answer.length < rowsPerPage) break;
      startMs = newestMs + 1;
    }
    return found.slice(-maxHistoryRows);
  }
}

function klineOf(row: unknown): (Row & { readonly kline: Kline }) | undefined {
  if (!Array.isArray(row)) return undefined;
  const tsOpenMs = timeOf(row[0]);
  const [openPrice, highPrice, lowPrice, closePrice, volumeBase] = [1, 2, 3, 4, 5].map((at) =>
    numberOf(row[at])
  );
  if (
    openPrice === undefined || highPrice === undefined || lowPrice === undefined ||
    closePrice === undefined || volumeBase === undefined
  ) return undefined;
  const prices = [openPrice, highPrice, lowPrice, closePrice];
  if (!(tsOpenMs > 0) || !prices.every((price) => price > 0 && Number.isFinite(price))) return undefined;
  return { tsMs: tsOpenMs, kline: { tsOpenMs, openPrice, highPrice, lowPrice, closePrice, volumeBase } };
}

function fundingOf(row: unknown): (Row & { readonly fundingRate: number }) | undefined {
  const parsed = v.safeParse(fundingRateSchema, row);
  if (!parsed.success) return undefined;
  return { tsMs: parsed.output.fundingTime, fundingRate: Number(parsed.output.fundingRate) };
}

/** The rate of a funding time is that of the interval before it; the venue stamps them within a second of the hour. */
function hoursBetween(earlierMs: number | undefined, laterMs: number): number | undefined {
  const hours = Math.round((laterMs - (earlierMs ?? NaN)) / hourMs);
  return hours > 0 && hours <= longestFundingHours ? hours : undefined;
}
