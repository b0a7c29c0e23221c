/** Questions about the venue and its markets, answered by REST. */
import {
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
import type { RateBudget } from "@berth/sdk/venue/rate_budget.ts";
import type * as v from "valibot";
import { type InstrumentList, statusOfSystem } from "./instruments.ts";
import { invalidAnswer, refusedHere, type RestClient } from "./rest.ts";
import {
  fundingDataSchema,
  klineRowSchema,
  listSchema,
  systemStateSchema,
  systemTimeSchema,
} from "./wire/json.ts";
import { read } from "./wire/records.ts";

/** The venue names resolutions in minutes. */
const resolutions: Readonly<Partial<Record<KlineInterval, string>>> = {
  "1m": "1",
  "3m": "3",
  "5m": "5",
  "15m": "15",
  "30m": "30",
  "1h": "60",
};
/** How many klines one answer brings at the most is not documented: this many are asked for at once. */
const klinesAPage = 500;
const fundingRowsAPage = 100;

export interface MarketQueriesOptions {
  readonly rest: RestClient;
  readonly budget: RateBudget;
  readonly instruments: InstrumentList;
}

export class ParadexQueries implements MarketQueries {
  readonly klineIntervals = ["1m", "3m", "5m", "15m", "30m", "1h"] as const;
  readonly #options: MarketQueriesOptions;

  constructor(options: MarketQueriesOptions) {
    this.#options = options;
  }

  async klines(
    instrument: InstrumentId,
    interval: KlineInterval,
    { fromMs, toMs }: TimeRange,
    signal: AbortSignal,
  ): Promise<readonly Kline[]> {
    const path = "/markets/klines";
    const symbol = this.#market(instrument, path);
    const resolution = resolutions[interval];
    if (resolution === undefined) throw refusedHere(`GET ${path}`, "unsupported", `no klines of ${interval}`);
    const pageMs = klinesAPage * intervalMs(interval);
    const byOpenMs = new Map<number, Kline>();
    for (let startMs = fromMs; startMs < toMs; startMs += pageMs) {
      const endMs = Math.min(toMs, startMs + pageMs);
      // The parameter is named `symbol` here and `market` everywhere else.
      const query = { symbol, resolution, start_at: Math.floor(startMs), end_at: Math.floor(endMs) };
      const answer = await this.#get(listSchema, path, query, signal);
      for (const row of answer.results) {
        const result = read(klineRowSchema, row);
        if (result.kind === "misfit") throw invalidAnswer(path, result.details);
        const kline = result.value;
        if (kline.tsOpenMs >= fromMs && kline.tsOpenMs < toMs) byOpenMs.set(kline.tsOpenMs, kline);
      }
    }
    return [...byOpenMs.values()].sort((a, b) => a.tsOpenMs - b.tsOpenMs);
  }

  async fundingRates(
    instrument: InstrumentId,
    { fromMs, toMs }: TimeRange,
    signal: AbortSignal,
  ): Promise<readonly FundingRate[]> {
    const path = "/funding/data";
    const market = this.#market(instrument, path);
    const rates: FundingRate[] = [];
    let cursor: string | undefined;
    do {
      const query = {
        market,
        start_at: Math.floor(fromMs),
        end_at: Math.floor(toMs),
        page_size: fundingRowsAPage,
        cursor,
      };
      const answer = await this.#get(listSchema, path, query, signal);
      for (const row of answer.results) {
        const result = read(fundingDataSchema, row);
        if (result.kind === "misfit") throw invalidAnswer(path, result.details);
        const { created_at: tsVenueMs, funding_rate: rate, funding_period_hours: hours } = result.value;
        if (tsVenueMs >= fromMs && tsVenueMs < toMs) {
          rates.push({ fundingRate: Number(rate), intervalHours: hours, tsVenueMs });
        }
      }
      cursor = answer.results.length === 0 ? undefined : answer.next ?? undefined;
    } while (cursor !== undefined && cursor !== "" && rates.length < maxHistoryRows);
    return rates.slice(0, maxHistoryRows).sort((a, b) => a.tsVenueMs - b.tsVenueMs);
  }

  async serverTimeMs(signal: AbortSignal): Promise<number> {
    return (await this.#get(systemTimeSchema, "/system/time", {}, signal)).server_time;
  }

  async venueStatus(signal: AbortSignal): Promise<InstrumentStatus> {
    return statusOfSystem((await this.#get(systemStateSchema, "/system/state", {}, signal)).status);
  }

  #get<T>(
    schema: v.GenericSchema<unknown, T>,
    path: string,
    query: Readonly<Record<string, string | number | undefined>>,
    signal: AbortSignal,
  ): Promise<T> {
    const { budget, rest } = this.#options;
    return rest.get(schema, path, { query, signal, budget });
  }

  /** @throws {BerthError} VENUE_REFUSED for what is not listed */
  #market(instrument: InstrumentId, path: string): string {
    const listed = this.#options.instruments.byId(instrument);
    if (listed !== undefined) return listed.instrument.venueSymbol;
    throw refusedHere(`GET ${path}`, "instrument_unknown", `no ${instrument} here`);
  }
}
