/**
 * Hyperliquid's public channels as quotes, trades, books, marks. Quotes (bbo) are read from their text; the others by
 * hand or by schema as often as they come. A book is a whole snapshot each time: there is no sequence and no checksum.
 */
import * as v from "valibot";
import {
  type BookLevel,
  type DataSource,
  describeError,
  type InstrumentIndex,
  type Publish,
} from "@berth/sdk";
import type { ChannelMeter, FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import { HotFrame } from "./hot_frames.ts";
import { type HyperliquidInstrument, parsePrice, parseSize } from "./instruments.ts";
import type { TextMisfits } from "@berth/sdk/venue/misfits.ts";
import { bookSchema, contextSchema, isRecord, issueText, type Level, numberOf } from "./wire.ts";

/** An instrument with what the hot path needs of it, in one place. */
interface Route {
  one: HyperliquidInstrument;
  readonly index: InstrumentIndex;
  readonly meters: Readonly<Record<"quotes" | "trades" | "books" | "marks", ChannelMeter>>;
  hasBook: boolean;
  /** Trades up to here were told; what a new subscription repeats of them is left out. */
  lastTradeMs: number;
  readonly lastTradeIds: Set<unknown>;
  isTradeHistoryDue: boolean;
}

export interface MarketDataOptions {
  readonly publish: Publish;
  readonly statistics: FeedStatistics;
  readonly misfits: TextMisfits;
}

const hourMs = 3_600_000;
/** A first frame of trades has some 20 s of the past; of it what is younger than this is news. */
const historySlackMs = 1_000;

export class MarketDataReader {
  readonly #options: MarketDataOptions;
  readonly #routes = new Map<string, Route>();
  readonly #hot = new HotFrame();

  constructor(options: MarketDataOptions) {
    this.#options = options;
  }

  /** Adds an instrument, or takes over its change. */
  set(one: HyperliquidInstrument, index: InstrumentIndex): void {
    const known = this.#routes.get(one.coin);
    if (known !== undefined) {
      known.one = one;
      return;
    }
    const meter = (channel: string): ChannelMeter =>
      this.#options.statistics.meter(one.instrument.id, channel);
    this.#routes.set(one.coin, {
      one,
      index,
      meters: {
        quotes: meter("quotes"),
        trades: meter("trades"),
        books: meter("books"),
        marks: meter("marks"),
      },
      hasBook: false,
      lastTradeMs: 0,
      lastTradeIds: new Set(),
      isTradeHistoryDue: false,
    });
  }

  /** Ends every book: the connection was lost. */
  invalidateBooks(tsRecvUs: number): void {
    for (const route of this.#routes.values()) if (route.hasBook) this.#loseBook(route, tsRecvUs);
  }

  /** Ends one book that nobody wants any more. */
  forgetBook(coin: string): void {
    const route = this.#routes.get(coin);
    if (route !== undefined) route.hasBook = false;
  }

  onSubscribed(type: string, coin: string, tsMs: number): void {
    const route = this.#routes.get(coin);
    if (route === undefined || type !== "trades") return;
    route.isTradeHistoryDue = true;
    if (route.lastTradeMs === 0) route.lastTradeMs = tsMs - historySlackMs;
  }

  /** Reads the most frequent frames from their text. @returns false when the text is another frame's */
  onHotText(text: string, tsRecvUs: number): boolean {
    const hot = this.#hot;
    if (!hot.read(text)) return false;
    const route = this.#routes.get(hot.coin);
    if (route === undefined) return false;
    route.meters.quotes.update(hot.tsVenueMs, tsRecvUs);
    this.#options.publish.quote(
      route.index,
      hot.bidPrice,
      hot.bidSize,
      hot.askPrice,
      hot.askSize,
      hot.tsVenueMs,
      tsRecvUs,
      "stream",
    );
    return true;
  }

  onFrame(channel: string, data: unknown, tsRecvUs: number): void {
    switch (channel) {
      case "bbo":
        return this.#onTop(data, tsRecvUs);
      case "trades":
        return this.#onTrades(data, tsRecvUs);
      case "l2Book":
        return this.#onBook(data, tsRecvUs);
      case "activeAssetCtx":
        return this.#onContext(data, tsRecvUs);
      default:
        return this.#options.misfits.note("frame_not_known", `channel ${channel.slice(0, 40)}`);
    }
  }

  /** A book that was asked for by REST, as quote, for the time when the stream is down. */
  onRestBook(data: unknown, tsRecvUs: number): void {
    const parsed = v.safeParse(bookSchema, data);
    if (!parsed.success) return this.#misfit(issueText(parsed.issues));
    const { coin, time, levels: [bids, asks] } = parsed.output;
    const route = this.#routes.get(coin);
    if (route === undefined) return this.#unknown();
    const [bid, ask] = [bids[0], asks[0]];
    this.#quote(
      route,
      numberOf(bid?.px),
      numberOf(bid?.sz),
      numberOf(ask?.px),
      numberOf(ask?.sz),
      time,
      tsRecvUs,
      "rest",
    );
  }

  #misfit(why: string): void {
    this.#options.misfits.note("row_not_readable", why);
  }

  #unknown(): void {
    this.#options.misfits.note("instrument_not_known", "a coin that was not asked for");
  }

  #routeOf(data: unknown): Route | undefined {
    const coin = isRecord(data) ? data["coin"] : undefined;
    const route = typeof coin === "string" ? this.#routes.get(coin) : undefined;
    if (route === undefined) this.#unknown();
    return route;
  }

  #onTop(data: unknown, tsRecvUs: number): void {
    const route = this.#routeOf(data);
    if (route === undefined || !isRecord(data)) return;
    const { bbo, time } = data;
    if (!Array.isArray(bbo) || bbo.length !== 2) return this.#misfit("bbo: expected two sides");
    const [bid, ask]: readonly unknown[] = bbo;
    const isSide = (side: unknown): boolean => side === null || isRecord(side);
    if (!isSide(bid) || !isSide(ask)) return this.#misfit("bbo: expected levels");
    this.#quote(
      route,
      isRecord(bid) ? numberOf(bid["px"]) : NaN,
      isRecord(bid) ? numberOf(bid["sz"]) : NaN,
      isRecord(ask) ? numberOf(ask["px"]) : NaN,
      isRecord(ask) ? numberOf(ask["sz"]) : NaN,
      typeof time === "number" ? time : NaN,
      tsRecvUs,
      "stream",
    );
  }

  #quote(
    route: Route,
    bidPrice: number,
    bidSize: number,
    askPrice: number,
    askSize: number,
    tsVenueMs: number,
    tsRecvUs: number,
    source: DataSource,
  ): void {
    if (!Number.isSafeInteger(tsVenueMs) || tsVenueMs <= 0) return this.#misfit("quote: no time");
    if (source === "stream") route.meters.quotes.update(tsVenueMs, tsRecvUs);
    const hasBid = isAmount(bidPrice) && isAmount(bidSize);
    const hasAsk = isAmount(askPrice) && isAmount(askSize);
    this.#options.publish.quote(
      route.index,
      hasBid ? bidPrice : NaN,
      hasBid ? bidSize : 0,
      hasAsk ? askPrice : NaN,
      hasAsk ? askSize : 0,
      tsVenueMs,
      tsRecvUs,
      source,
    );
  }

  #onTrades(data: unknown, tsRecvUs: number): void {
    if (!Array.isArray(data)) return this.#misfit("trades: expected a list");
    const rows: readonly unknown[] = data;
    let route: Route | undefined;
    for (const row of rows) {
      route = this.#routeOf(row);
      if (route !== undefined && isRecord(row)) this.#onTrade(route, row, tsRecvUs);
    }
    if (route !== undefined) route.isTradeHistoryDue = false;
  }

  #onTrade(route: Route, row: Readonly<Record<string, unknown>>, tsRecvUs: number): void {
    const price = numberOf(row["px"]);
    const sizeBase = numberOf(row["sz"]);
    const { side, time, tid } = row;
    const isReadable = isAmount(price) && isAmount(sizeBase) && (side === "A" || side === "B") &&
      typeof time === "number" && Number.isSafeInteger(time) && time > 0;
    if (!isReadable) return this.#misfit("trade: not as documented");
    if (route.isTradeHistoryDue) {
      const isTold = time < route.lastTradeMs || (time === route.lastTradeMs && route.lastTradeIds.has(tid));
      if (isTold) return;
    }
    if (time > route.lastTradeMs) {
      route.lastTradeMs = time;
      route.lastTradeIds.clear();
    }
    if (time === route.lastTradeMs) route.lastTradeIds.add(tid);
    route.meters.trades.update(time, tsRecvUs);
    this.#options.publish.trade(route.index, side === "B" ? "buy" : "sell", price, sizeBase, time, tsRecvUs);
  }

  #onContext(data: unknown, tsRecvUs: number): void {
    const route = this.#routeOf(data);
    if (route === undefined || !isRecord(data)) return;
    const parsed = v.safeParse(contextSchema, data["ctx"]);
    if (!parsed.success) return this.#misfit(issueText(parsed.issues));
    const { markPx, oraclePx, funding } = parsed.output;
    // The channel states no time; funding is settled at each full hour.
    const nowMs = Math.floor(tsRecvUs / 1_000);
    route.meters.marks.update(NaN, tsRecvUs);
    this.#options.publish.mark(
      route.index,
      numberOf(markPx),
      numberOf(oraclePx),
      numberOf(funding),
      (Math.floor(nowMs / hourMs) + 1) * hourMs,
      nowMs,
      tsRecvUs,
    );
  }

  #onBook(data: unknown, tsRecvUs: number): void {
    const route = this.#routeOf(data);
    if (route === undefined) return;
    const parsed = v.safeParse(bookSchema, data);
    if (!parsed.success) {
      this.#options.misfits.note("book_not_readable", issueText(parsed.issues));
      // What can't be read replaced what we have: the book is not known any more.
      if (route.hasBook) this.#loseBook(route, tsRecvUs);
      return;
    }
    const { time: tsVenueMs, levels } = parsed.output;
    const read = (side: readonly Level[]): readonly BookLevel[] =>
      side.map(({ px, sz }) => bookLevel(px, sz, route.one));
    let bids: readonly BookLevel[];
    let asks: readonly BookLevel[];
    try {
      bids = read(levels[0]);
      asks = read(levels[1]);
    } catch (error) {
      this.#options.misfits.note("book_not_readable", describeError(error));
      if (route.hasBook) this.#loseBook(route, tsRecvUs);
      return;
    }
    route.hasBook = true;
    route.meters.books.update(tsVenueMs, tsRecvUs);
    const instrument = route.one.instrument.id;
    this.#options.publish.book({ instrument, kind: "snapshot", bids, asks, tsVenueMs, tsRecvUs });
  }

  /** The next snapshot mends it. */
  #loseBook(route: Route, tsRecvUs: number): void {
    route.hasBook = false;
    route.meters.books.gap();
    const instrument = route.one.instrument.id;
    const tsVenueMs = Math.floor(tsRecvUs / 1_000);
    this.#options.publish.book({ instrument, kind: "invalid", bids: [], asks: [], tsVenueMs, tsRecvUs });
  }
}

const isAmount = (value: number): boolean => value > 0 && value < Infinity;

/** @throws when a number is off its step, or none that a level can have */
function bookLevel(px: string, sz: string, one: HyperliquidInstrument): BookLevel {
  const priceTicks = parsePrice(px, one);
  const sizeLots = parseSize(sz, one);
  if (!(priceTicks > 0 && sizeLots > 0)) throw new RangeError("a level without price or size");
  return { priceTicks, sizeLots };
}
