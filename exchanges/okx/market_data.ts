/**
 * OKX's public channels as quotes, trades, books, marks. The frequent ones (bbo-tbt, tickers, books5, trades) are read
 * by hand: a look at the fields that are used, a count of what does not fit, no schema in the way.
 */
import * as v from "valibot";
import {
  BerthError,
  type BookLevel,
  type DataSource,
  describeError,
  type MarketDataKind,
  type Publish,
} from "@berth/sdk";
import type { ChannelMeter, FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import { BookChecker } from "./book_rules.ts";
import { HotFrame } from "./hot_frames.ts";
import { baseOfContract, type OkxInstrument, parseContracts, parsePrice } from "./instruments.ts";
import type { TextMisfits } from "@berth/sdk/venue/misfits.ts";
import { bookRowSchema, cutText, isRecord, numberOf, timeOf } from "./wire.ts";
import { shownText } from "@berth/sdk/venue/shown_text.ts";

/** An instrument with what the hot path needs of it, in one place. */
interface Route {
  one: OkxInstrument;
  readonly index: number;
  contractBase: number;
  readonly book: BookChecker;
  readonly meters: Readonly<Record<MarketDataKind, ChannelMeter>>;
  markPrice: number;
  indexPrice: number;
  fundingRate: number;
  tsNextFundingMs: number;
}

export interface MarketDataOptions {
  readonly publish: Publish;
  readonly statistics: FeedStatistics;
  readonly misfits: TextMisfits;
  /** A book lost its sequence: subscribe anew. */
  readonly onBookGap: (instId: string) => void;
  /** What one funding rate stands for, whenever the venue says it. */
  readonly onFundingInterval: (instId: string, hours: number) => void;
}

const hourMs = 3_600_000;
/** OKX has 1, 2, 4 and 8 hours; what is beyond a week is a slip. */
const maxIntervalHours = 168;

export class MarketDataReader {
  readonly #options: MarketDataOptions;
  readonly #routes = new Map<string, Route>();
  readonly #byIndexId = new Map<string, Route[]>();
  readonly #hot = new HotFrame();

  constructor(options: MarketDataOptions) {
    this.#options = options;
  }

  /** Adds an instrument, or takes over its change: a new tick makes the old book unreadable. */
  set(one: OkxInstrument, index: number, tsRecvUs: number): void {
    const contractBase = baseOfContract(one);
    const known = this.#routes.get(one.instId);
    if (known !== undefined) {
      const { tick, lot } = known.one.instrument;
      known.one = one;
      known.contractBase = contractBase;
      if (tick.text === one.instrument.tick.text && lot.text === one.instrument.lot.text) return;
      if (known.book.isValid) this.#loseBook(known, tsRecvUs / 1_000, tsRecvUs);
      return;
    }
    const unstated = { markPrice: NaN, indexPrice: NaN, fundingRate: NaN, tsNextFundingMs: NaN };
    const meter = (channel: MarketDataKind): ChannelMeter =>
      this.#options.statistics.meter(one.instrument.id, channel);
    const meters = {
      quotes: meter("quotes"),
      trades: meter("trades"),
      books: meter("books"),
      marks: meter("marks"),
    };
    const route: Route = { one, index, contractBase, book: new BookChecker(), meters, ...unstated };
    this.#routes.set(one.instId, route);
    this.#byIndexId.set(one.indexId, [...(this.#byIndexId.get(one.indexId) ?? []), route]);
  }

  /** Ends every book: the connection was lost. */
  invalidateBooks(tsRecvUs: number): void {
    for (const route of this.#routes.values()) {
      if (!route.book.isValid) continue;
      route.book.reset();
      this.#publishInvalid(route, tsRecvUs / 1_000, tsRecvUs);
    }
  }

  /** Ends one book that nobody wants any more. */
  forgetBook(instId: string): void {
    this.#routes.get(instId)?.book.reset();
  }

  /** Reads the most frequent frames from their text. @returns false when the text is another frame's */
  onHotText(text: string, tsRecvUs: number): boolean {
    const hot = this.#hot;
    if (!hot.read(text)) return false;
    const route = this.#routes.get(hot.instId);
    if (route === undefined) return false;
    route.meters.quotes.update(hot.tsVenueMs, tsRecvUs);
    this.#options.publish.quote(
      route.index,
      hot.bidPrice,
      hot.bidContracts * route.contractBase,
      hot.askPrice,
      hot.askContracts * route.contractBase,
      hot.tsVenueMs,
      tsRecvUs,
      "stream",
    );
    return true;
  }

  /** One parsed frame with `arg` and `data`. */
  onFrame(frame: Readonly<Record<string, unknown>>, tsRecvUs: number): void {
    const { arg, data } = frame;
    if (!isRecord(arg) || !Array.isArray(data)) return this.#unknown("neither an event nor data");
    const { channel, instId } = arg;
    if (typeof instId !== "string") return this.#unknown("data of no instrument");
    if (channel === "index-tickers") {
      for (const row of data) this.#onIndex(instId, row, tsRecvUs);
      return;
    }
    const route = this.#routes.get(instId);
    if (route === undefined) {
      return this.#options.misfits.note("instrument_not_known", shownText(instId, 64));
    }
    for (const row of data) this.#onRow(route, channel, frame["action"], row, tsRecvUs);
  }

  /** A row of REST's `market/tickers`, for the time when the stream is down. */
  onRestTicker(row: unknown, tsRecvUs: number): void {
    const instId = isRecord(row) ? row["instId"] : undefined;
    const route = typeof instId === "string" ? this.#routes.get(instId) : undefined;
    if (route !== undefined && isRecord(row)) this.#onTicker(route, row, tsRecvUs, "rest");
  }

  #onRow(route: Route, channel: unknown, action: unknown, row: unknown, tsRecvUs: number): void {
    if (!isRecord(row)) return this.#misfit(shownText(channel, 64));
    switch (channel) {
      case "tickers":
        return this.#onTicker(route, row, tsRecvUs, "stream");
      case "bbo-tbt":
      case "books5":
        return this.#onTop(route, row, tsRecvUs);
      case "trades":
        return this.#onTrade(route, row, tsRecvUs);
      case "books":
        return this.#onBook(route, action, row, tsRecvUs);
      case "mark-price":
      case "funding-rate":
        return this.#onMark(route, row, tsRecvUs);
      default:
        return this.#unknown(`data of a channel that was not asked for: ${shownText(channel, 64)}`);
    }
  }

  #unknown(why: string): void {
    this.#options.misfits.note("frame_not_known", why);
  }

  #misfit(why: string): void {
    this.#options.misfits.note("row_not_readable", why);
  }

  #onTicker(
    route: Route,
    row: Readonly<Record<string, unknown>>,
    tsRecvUs: number,
    source: DataSource,
  ): void {
    this.#quote(
      route,
      numberOf(row["bidPx"]),
      numberOf(row["bidSz"]),
      numberOf(row["askPx"]),
      numberOf(row["askSz"]),
      timeOf(row["ts"]),
      tsRecvUs,
      source,
    );
  }

  #onTop(route: Route, row: Readonly<Record<string, unknown>>, tsRecvUs: number): void {
    const { bids, asks } = row;
    if (!Array.isArray(bids) || !Array.isArray(asks)) return this.#misfit("a top of book without sides");
    const bid: unknown = bids[0];
    const ask: unknown = asks[0];
    this.#quote(
      route,
      Array.isArray(bid) ? numberOf(bid[0]) : NaN,
      Array.isArray(bid) ? numberOf(bid[1]) : NaN,
      Array.isArray(ask) ? numberOf(ask[0]) : NaN,
      Array.isArray(ask) ? numberOf(ask[1]) : NaN,
      timeOf(row["ts"]),
      tsRecvUs,
      "stream",
    );
  }

  #quote(
    route: Route,
    bidPrice: number,
    bidContracts: number,
    askPrice: number,
    askContracts: number,
    tsVenueMs: number,
    tsRecvUs: number,
    source: DataSource,
  ): void {
    if (!(tsVenueMs > 0)) return this.#misfit("a quote without time");
    if (source === "stream") route.meters.quotes.update(tsVenueMs, tsRecvUs);
    const hasBid = bidPrice > 0 && bidContracts > 0;
    const hasAsk = askPrice > 0 && askContracts > 0;
    this.#options.publish.quote(
      route.index,
      hasBid ? bidPrice : NaN,
      hasBid ? bidContracts * route.contractBase : 0,
      hasAsk ? askPrice : NaN,
      hasAsk ? askContracts * route.contractBase : 0,
      tsVenueMs,
      tsRecvUs,
      source,
    );
  }

  #onTrade(route: Route, row: Readonly<Record<string, unknown>>, tsRecvUs: number): void {
    const price = numberOf(row["px"]);
    const contracts = numberOf(row["sz"]);
    const tsVenueMs = timeOf(row["ts"]);
    const { side } = row;
    if (!(price > 0 && contracts > 0 && tsVenueMs > 0) || (side !== "buy" && side !== "sell")) {
      return this.#misfit("a trade");
    }
    route.meters.trades.update(tsVenueMs, tsRecvUs);
    const sizeBase = contracts * route.contractBase;
    this.#options.publish.trade(route.index, side, price, sizeBase, tsVenueMs, tsRecvUs);
  }

  #onMark(route: Route, row: Readonly<Record<string, unknown>>, tsRecvUs: number): void {
    const tsVenueMs = timeOf(row["ts"]);
    if (!(tsVenueMs > 0)) return this.#misfit("a mark or funding rate without time");
    if ("markPx" in row) {
      const markPrice = numberOf(row["markPx"]);
      if (!(markPrice > 0)) return this.#misfit("a mark price");
      route.markPrice = markPrice;
    }
    if ("fundingRate" in row) {
      const fundingRate = numberOf(row["fundingRate"]);
      if (Number.isNaN(fundingRate)) return this.#misfit("a funding rate");
      route.fundingRate = fundingRate;
      route.tsNextFundingMs = timeOf(row["fundingTime"]);
      const hours = fundingIntervalHours(row["fundingTime"], row["nextFundingTime"]);
      if (hours !== undefined) this.#options.onFundingInterval(route.one.instId, hours);
    }
    this.#publishMark(route, tsVenueMs, tsRecvUs);
  }

  #onIndex(indexId: string, row: unknown, tsRecvUs: number): void {
    const indexPrice = isRecord(row) ? numberOf(row["idxPx"]) : NaN;
    const tsVenueMs = isRecord(row) ? timeOf(row["ts"]) : NaN;
    if (!(indexPrice > 0 && tsVenueMs > 0)) return this.#misfit("an index price");
    for (const route of this.#byIndexId.get(indexId) ?? []) {
      route.indexPrice = indexPrice;
      this.#publishMark(route, tsVenueMs, tsRecvUs);
    }
  }

  #publishMark(route: Route, tsVenueMs: number, tsRecvUs: number): void {
    route.meters.marks.update(tsVenueMs, tsRecvUs);
    const { index, markPrice, indexPrice, fundingRate, tsNextFundingMs } = route;
    const { publish } = this.#options;
    publish.mark(index, markPrice, indexPrice, fundingRate, tsNextFundingMs, tsVenueMs, tsRecvUs);
  }

  #onBook(route: Route, action: unknown, row: unknown, tsRecvUs: number): void {
    const parsed = v.safeParse(bookRowSchema, row);
    // What can't be read may be a change: the book is not known any more.
    if (!parsed.success) {
      const [issue] = parsed.issues;
      this.#options.misfits.note("book_not_readable", `${v.getDotPath(issue) ?? "row"}: ${issue.message}`);
      if (route.book.isValid) this.#loseBook(route, tsRecvUs / 1_000, tsRecvUs);
      return;
    }
    const verdict = route.book.take(action === "snapshot", parsed.output);
    if (verdict === "heartbeat" || verdict === "ignore") return;
    const tsVenueMs = Number(parsed.output.ts);
    if (verdict === "gap") return this.#loseBook(route, tsVenueMs, tsRecvUs);
    let bids: readonly BookLevel[];
    let asks: readonly BookLevel[];
    try {
      bids = levels(parsed.output.bids, route.one);
      asks = levels(parsed.output.asks, route.one);
    } catch (error) {
      // A level off the tick: the instrument's metadata is older than the book. A negative one: no book at all.
      this.#options.misfits.note("book_not_readable", `${route.one.instId}: ${describeError(error)}`);
      return this.#loseBook(route, tsVenueMs, tsRecvUs);
    }
    route.meters.books.update(tsVenueMs, tsRecvUs);
    const instrument = route.one.instrument.id;
    this.#options.publish.book({ instrument, kind: verdict, bids, asks, tsVenueMs, tsRecvUs });
  }

  #loseBook(route: Route, tsVenueMs: number, tsRecvUs: number): void {
    route.book.reset();
    route.meters.books.gap();
    this.#publishInvalid(route, tsVenueMs, tsRecvUs);
    this.#options.onBookGap(route.one.instId);
  }

  #publishInvalid(route: Route, tsVenueMs: number, tsRecvUs: number): void {
    const instrument = route.one.instrument.id;
    this.#options.publish.book({ instrument, kind: "invalid", bids: [], asks: [], tsVenueMs, tsRecvUs });
  }
}

/** @throws {BerthError} MODEL_INVALID_DECIMAL, INSTRUMENT_OFF_TICK, MODEL_OUT_OF_RANGE */
function levels(side: readonly (readonly string[])[], one: OkxInstrument): readonly BookLevel[] {
  return side.map(([price = "", size = ""]) => {
    const level = { priceTicks: parsePrice(price, one), sizeLots: parseContracts(size, one) };
    if (level.priceTicks > 0 && level.sizeLots >= 0) return level;
    throw new BerthError("MODEL_OUT_OF_RANGE", {
      what: "level",
      value: cutText(`${price} × ${size}`),
      range: "a price above and a size from 0",
    });
  });
}

/** Whole hours between two funding times; undefined when the venue does not state both. */
export function fundingIntervalHours(fundingTime: unknown, nextFundingTime: unknown): number | undefined {
  const hours = (numberOf(nextFundingTime) - numberOf(fundingTime)) / hourMs;
  return Number.isInteger(hours) && hours > 0 && hours <= maxIntervalHours ? hours : undefined;
}
