/** Questions about the market: klines, funding rates, the venue's time and state. */
import * as v from "valibot";
import {
  BerthError,
  type FundingRate,
  type InstrumentId,
  type InstrumentStatus,
  intervalMs,
  type Kline,
  type KlineInterval,
  type Log,
  type MarketQueries,
  maxHistoryRows,
  type TimeRange,
} from "@berth/sdk";
import type { InstrumentBook } from "./instruments.ts";
import type { RestClient } from "./rest.ts";
import { candleSchema, exchangeStatusSchema, fundingRateSchema } from "./wire.ts";

const fundingIntervalMs = 3_600_000;
const fundingsPerPage = 500;

export class HyperliquidQueries implements MarketQueries {
  /** All of the venue's; it has no `6h`. */
  readonly klineIntervals: readonly KlineInterval[] = [
    "1m",
    "3m",
    "5m",
    "15m",
    "30m",
    "1h",
    "2h",
    "4h",
    "8h",
    "12h",
    "1d",
    "3d",
    "1w",
    "1M",
  ];
  readonly #rest: RestClient;
  readonly #instruments: InstrumentBook;
  readonly #log: Log;

  constructor(rest: RestClient, instruments: InstrumentBook, log: Log) {
    this.#rest = rest;
    this.#instruments = instruments;
    this.#log = log;
  }

  /** The venue keeps the newest 5,000 of each interval and answers them at once. */
  async klines(
    instrument: InstrumentId,
    interval: KlineInterval,
    { fromMs, toMs }: TimeRange,
    signal: AbortSignal,
  ): Promise<readonly Kline[]> {
    const coin = this.#coinOf(instrument);
    const startTime = Math.max(
      0,
      Math.floor(fromMs),
      Math.floor(toMs - maxHistoryRows * intervalMs(interval)),
    );
    const req = { coin, interval, startTime, endTime: Math.ceil(toMs) - 1 };
    const options = { weight: 20, rowsPerWeight: 60, signal };
    const rows = await this.#rest.ask({ type: "candleSnapshot", req }, v.array(candleSchema), options);
    return rows.filter(({ t }) => t >= fromMs && t < toMs).map((row) => ({
      tsOpenMs: row.t,
      openPrice: Number(row.o),
      highPrice: Number(row.h),
      lowPrice: Number(row.l),
      closePrice: Number(row.c),
      volumeBase: Number(row.v),
    })).sort((a, b) => a.tsOpenMs - b.tsOpenMs).slice(-maxHistoryRows);
  }

  /** Hourly; pages go forward from the oldest that is wanted. */
  async fundingRates(
    instrument: InstrumentId,
    { fromMs, toMs }: TimeRange,
    signal: AbortSignal,
  ): Promise<readonly FundingRate[]> {
    const coin = this.#coinOf(instrument);
    const rates = new Map<number, FundingRate>();
    let startTime = Math.max(0, Math.floor(fromMs), Math.floor(toMs - maxHistoryRows * fundingIntervalMs));
    for (let page = 0; page <= maxHistoryRows / fundingsPerPage; page++) {
      const question = { type: "fundingHistory", coin, startTime, endTime: Math.ceil(toMs) - 1 };
      const options = { weight: 20, rowsPerWeight: 20, signal };
      const rows = await this.#rest.ask(question, v.array(fundingRateSchema), options);
      for (const { fundingRate, time } of rows) {
        if (time < fromMs || time >= toMs) continue;
        rates.set(time, { fundingRate: Number(fundingRate), intervalHours: 1, tsVenueMs: time });
      }
      const newestMs = rows.reduce((newest, { time }) => Math.max(newest, time), 0);
      if (rows.length < fundingsPerPage || newestMs < startTime) break;
      startTime = newestMs + 1;
    }
    return [...rates.values()].sort((a, b) => a.tsVenueMs - b.tsVenueMs).slice(-maxHistoryRows);
  }

  async serverTimeMs(signal: AbortSignal): Promise<number> {
    return (await this.#status(signal)).time;
  }

  /** What a special status may say is not documented: with one, it is not business as usual. */
  async venueStatus(signal: AbortSignal): Promise<InstrumentStatus> {
    const { specialStatuses } = await this.#status(signal);
    if (specialStatuses === undefined || specialStatuses === null) return "trading";
    this.#log.warn("the venue states a special status", {
      text: JSON.stringify(specialStatuses).slice(0, 300),
    });
    return "halted";
  }

  #status(signal: AbortSignal): Promise<v.InferOutput<typeof exchangeStatusSchema>> {
    return this.#rest.ask({ type: "exchangeStatus" }, exchangeStatusSchema, { weight: 2, signal });
  }

  #coinOf(instrument: InstrumentId): string {
    const one = this.#instruments.byId(instrument);
    if (one !== undefined) return one.coin;
    const refusal = { venueCode: "LOCAL", venueText: `${instrument} is not listed` };
    throw new BerthError("VENUE_REFUSED", { venue: "hyperliquid", request: "a question", ...refusal });
  }
}
