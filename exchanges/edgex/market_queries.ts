/**
 * What can be asked of EdgeX without an account: klines, past funding rates, its clock, whether it trades. Lists are read
 * page by page from the newest back; a row that can't be read makes the whole answer unreadable.
 */
import * as v from "valibot";
import {
  BerthError,
  type FundingRate,
  type InstrumentId,
  type InstrumentStatus,
  type Kline,
  type KlineInterval,
  type MarketQueries,
  maxHistoryRows,
  type TimeRange,
} from "@berth/sdk";
import { metadataPath } from "./instrument_loader.ts";
import type { EdgexInstrument, InstrumentBook } from "./instruments.ts";
import { answerInvalid, type Query, type RestClient } from "./rest.ts";
import {
  fundingRateRowSchema,
  isRecord,
  klineRowSchema,
  metadataSchema,
  numberOf,
  pageSchema,
  serverTimeSchema,
} from "./wire.ts";

const names: Readonly<Partial<Record<KlineInterval, string>>> = {
  "1m": "MINUTE_1",
  "5m": "MINUTE_5",
  "15m": "MINUTE_15",
  "30m": "MINUTE_30",
  "1h": "HOUR_1",
  "2h": "HOUR_2",
  "4h": "HOUR_4",
  "6h": "HOUR_6",
  "8h": "HOUR_8",
  "12h": "HOUR_12",
  "1d": "DAY_1",
  "1w": "WEEK_1",
  "1M": "MONTH_1",
};
const intervals = [
  "1m",
  "5m",
  "15m",
  "30m",
  "1h",
  "2h",
  "4h",
  "6h",
  "8h",
  "12h",
  "1d",
  "1w",
  "1M",
] as const satisfies readonly KlineInterval[];

/** The fewest that any of the venue's pages allows at most. */
const klinesPage = 200;
const fundingPage = 100;
/** 5,000 rows by 100, and some for pages that hold less. */
const maxPages = 64;
const minutesPerHour = 60;

export class EdgexQueries implements MarketQueries {
  readonly klineIntervals: readonly KlineInterval[] = intervals;
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
    const one = this.#instrument(instrument, "klines");
    const klineType = names[interval];
    if (klineType === undefined) throw refusal("klines", "unsupported", `EdgeX has no klines of ${interval}`);
    const rows = await this.#pages("/api/v2/public/quote/getKline", {
      contractId: one.contractId,
      klineType,
      priceType: "LAST_PRICE",
      size: String(klinesPage),
      filterBeginKlineTimeInclusive: String(Math.ceil(range.fromMs)),
      filterEndKlineTimeExclusive: String(Math.ceil(range.toMs)),
    }, signal);
    const klines = rows.map((row) => {
      const parsed = v.safeParse(klineRowSchema, row);
      if (!parsed.success) throw answerInvalid("GET getKline", "a row can't be read");
      const { klineTime, open, high, low, close, size } = parsed.output;
      return {
        tsOpenMs: Number(klineTime),
        openPrice: Number(open),
        highPrice: Number(high),
        lowPrice: Number(low),
        closePrice: Number(close),
        volumeBase: numberOf(size),
      };
    });
    return newestOf(klines, ({ tsOpenMs }) => tsOpenMs, range);
  }

  async fundingRates(
    instrument: InstrumentId,
    range: TimeRange,
    signal: AbortSignal,
  ): Promise<readonly FundingRate[]> {
    const one = this.#instrument(instrument, "funding rates");
    const rows = await this.#pages("/api/v2/public/funding/getFundingRatePage", {
      contractId: one.contractId,
      size: String(fundingPage),
      filterSettlementFundingRate: "true",
      filterBeginTimeInclusive: String(Math.ceil(range.fromMs)),
      filterEndTimeExclusive: String(Math.ceil(range.toMs)),
    }, signal);
    const rates = rows.map((row) => {
      const parsed = v.safeParse(fundingRateRowSchema, row);
      const time = parsed.success ? parsed.output.fundingTime ?? parsed.output.fundingTimestamp : undefined;
      if (!parsed.success || time === undefined) {
        throw answerInvalid("GET getFundingRatePage", "a row can't be read");
      }
      const minutes = numberOf(parsed.output.fundingRateIntervalMin);
      return {
        fundingRate: Number(parsed.output.fundingRate),
        intervalHours: minutes > 0 ? minutes / minutesPerHour : undefined,
        tsVenueMs: Number(time),
      };
    });
    return newestOf(rates, ({ tsVenueMs }) => tsVenueMs, range);
  }

  async serverTimeMs(signal: AbortSignal): Promise<number> {
    const path = "/api/v2/public/meta/getServerTime";
    const { timeMillis } = await this.#rest.ask(path, {}, serverTimeSchema, { isPrivate: false, signal });
    return Number(timeMillis);
  }

  /** EdgeX announces no state of its own: it trades as long as one of its contracts does. */
  async venueStatus(signal: AbortSignal): Promise<InstrumentStatus> {
    const { contractList } = await this.#rest.ask(metadataPath, {}, metadataSchema, {
      isPrivate: false,
      signal,
    });
    const isOpen = contractList.some((row) => isRecord(row) && row["enableTrade"] === true);
    return isOpen ? "trading" : "halted";
  }

  #instrument(id: InstrumentId, what: string): EdgexInstrument {
    const one = this.#instruments.byId(id);
    if (one === undefined) throw refusal(what, "instrument_unknown", `${id} is not listed`);
    return one;
  }

  /** All rows of a list up to `maxHistoryRows`, in the venue's order: newest first. */
  async #pages(path: string, query: Query, signal: AbortSignal): Promise<readonly unknown[]> {
    const rows: unknown[] = [];
    let offsetData = "";
    for (let page = 0; page < maxPages && rows.length < maxHistoryRows; page++) {
      const asked = offsetData === "" ? query : { ...query, offsetData };
      const { dataList, nextPageOffsetData } = await this.#rest.ask(path, asked, pageSchema, {
        isPrivate: false,
        signal,
      });
      rows.push(...dataList);
      const next = nextPageOffsetData ?? "";
      if (next === "" || next === offsetData || dataList.length === 0) break;
      offsetData = next;
    }
    return rows;
  }
}

/** Oldest first, of the range alone, each time once. */
function newestOf<T>(rows: readonly T[], timeOf: (row: T) => number, range: TimeRange): readonly T[] {
  const byTime = new Map(rows.map((row) => [timeOf(row), row]));
  return [...byTime].filter(([tsMs]) => tsMs >= range.fromMs && tsMs < range.toMs)
    .toSorted(([a], [b]) => a - b).slice(-maxHistoryRows).map(([, row]) => row);
}

const refusal = (request: string, code: "instrument_unknown" | "unsupported", venueText: string) =>
  new BerthError("VENUE_REFUSED", { venue: "edgex", request, venueCode: "", venueText, code });
