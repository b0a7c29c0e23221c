/**
 * EdgeX's public channels as quotes, trades, books and marks. There is no channel of best prices: quotes are the top of
 * the 15 levels, which come with their sizes. What is frequent is read by hand: a look at the fields that are used, a
 * count of what does not fit, no schema in the way.
 *
 * EdgeX states no time with depth and ticker. Quotes carry NaN for the venue's time, so that no latency of nothing is
 * told of them (what is told is that of the venue's pings); for books and marks the receive time stands for it.
 */
import {
  type BookLevel,
  type DataSource,
  describeError,
  type MarketDataKind,
  type Publish,
} from "@berth/sdk";
import type { ChannelMeter, FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import type { TextMisfits } from "@berth/sdk/venue/misfits.ts";
import { shownText } from "@berth/sdk/venue/shown_text.ts";
import { type DepthHeader, DepthSequence, TopOfBook } from "./depth_book.ts";
import { type EdgexInstrument, parsePrice, parseSize } from "./instruments.ts";
import { isRecord, numberOf, timeOf } from "./wire.ts";

/** An instrument with what the hot path needs of it, in one place. */
interface Route {
  one: EdgexInstrument;
  readonly index: number;
  readonly top: TopOfBook;
  readonly topSequence: DepthSequence;
  readonly bookSequence: DepthSequence;
  readonly meters: Readonly<Record<MarketDataKind, ChannelMeter>>;
  markPrice: number;
}

export interface MarketDataOptions {
  readonly publish: Publish;
  readonly statistics: FeedStatistics;
  readonly misfits: TextMisfits;
  /** A channel lost its sequence: subscribe anew. */
  readonly onGap: (channel: string) => void;
  readonly channels: DepthChannels;
}

/** Names of the channels that depth comes by. */
export interface DepthChannels {
  /** Of quotes. */
  readonly top: (contractId: string) => string;
  /** Of order books. */
  readonly book: (contractId: string) => string;
}

type Row = Readonly<Record<string, unknown>>;
/** A price and a size, as texts: the venue sends levels as pairs and as records. */
type LevelTexts = readonly [price: string, size: string];

export class MarketDataReader {
  readonly #options: MarketDataOptions;
  readonly #routes = new Map<string, Route>();

  constructor(options: MarketDataOptions) {
    this.#options = options;
  }

  /** Adds an instrument, or takes over its change: a new tick makes the old book unreadable. */
  set(one: EdgexInstrument, index: number, tsRecvUs: number): void {
    const known = this.#routes.get(one.contractId);
    if (known !== undefined) {
      const { tick, lot } = known.one.instrument;
      known.one = one;
      const isSame = tick.text === one.instrument.tick.text && lot.text === one.instrument.lot.text;
      if (!isSame && known.bookSequence.isValid) this.#loseBook(known, tsRecvUs);
      return;
    }
    const meter = (kind: MarketDataKind): ChannelMeter =>
      this.#options.statistics.meter(one.instrument.id, kind);
    this.#routes.set(one.contractId, {
      one,
      index,
      top: new TopOfBook(),
      topSequence: new DepthSequence(),
      bookSequence: new DepthSequence(),
      meters: {
        quotes: meter("quotes"),
        trades: meter("trades"),
        books: meter("books"),
        marks: meter("marks"),
      },
      markPrice: NaN,
    });
  }

  /** The mark as last heard, which is the venue's oracle price; NaN before. */
  markPrice(contractId: string): number {
    return this.#routes.get(contractId)?.markPrice ?? NaN;
  }

  /** Ends every book: the connection was lost. */
  invalidate(tsRecvUs: number): void {
    for (const route of this.#routes.values()) {
      route.topSequence.reset();
      if (!route.bookSequence.isValid) continue;
      route.bookSequence.reset();
      this.#publishInvalid(route, tsRecvUs);
    }
  }

  /** Ends what a channel gave that nobody wants any more. */
  forget(channel: string): void {
    for (const route of this.#routes.values()) {
      if (channel === this.#options.channels.book(route.one.contractId)) route.bookSequence.reset();
      else if (channel === this.#options.channels.top(route.one.contractId)) route.topSequence.reset();
    }
  }

  /** A parsed frame with `channel` and `content`. */
  onFrame(frame: Row, tsRecvUs: number): void {
    const { channel, content } = frame;
    if (typeof channel !== "string" || !isRecord(content) || !Array.isArray(content["data"])) {
      return this.#options.misfits.note("frame_not_known", "neither an event nor data");
    }
    const [kind = "", contractId = ""] = channel.split(".");
    const route = this.#routes.get(contractId);
    if (route === undefined) {
      return this.#options.misfits.note("instrument_not_known", shownText(channel, 64));
    }
    const data: readonly unknown[] = content["data"];
    for (const row of data) {
      if (!isRecord(row)) this.#misfit(`${kind}: no record`);
      else this.#onRow(kind, channel, route, row, tsRecvUs);
    }
  }

  /** A row of REST's `getDepth`, for the time when the stream is down. */
  onRestDepth(contractId: string, row: unknown, tsRecvUs: number): void {
    const route = this.#routes.get(contractId);
    if (route === undefined || !isRecord(row)) return;
    const [bid] = levelsOf(row["bids"]) ?? [];
    const [ask] = levelsOf(row["asks"]) ?? [];
    this.#quote(
      route,
      numberOf(bid?.[0]),
      numberOf(bid?.[1]),
      numberOf(ask?.[0]),
      numberOf(ask?.[1]),
      tsRecvUs,
      "rest",
    );
  }

  #onRow(kind: string, channel: string, route: Route, row: Row, tsRecvUs: number): void {
    switch (kind) {
      case "depth":
        return this.#onDepth(channel, route, row, tsRecvUs);
      case "trades":
        return this.#onTrade(route, row, tsRecvUs);
      case "ticker":
        return this.#onTicker(route, row, tsRecvUs);
      default:
        return this.#options.misfits.note("frame_not_known", `a channel that was not asked for: ${kind}`);
    }
  }

  #misfit(why: string): void {
    this.#options.misfits.note("row_not_readable", why);
  }

  #onDepth(channel: string, route: Route, row: Row, tsRecvUs: number): void {
    const { contractId } = route.one;
    const { channels, onGap } = this.#options;
    const header = headerOf(row);
    const bids = levelsOf(row["bids"]);
    const asks = levelsOf(row["asks"]);
    // One channel may carry both, where the book has as few levels as the quotes.
    if (channel === channels.top(contractId)) {
      if (header === undefined || bids === undefined || asks === undefined) {
        this.#misfit("depth: a row is not as documented");
        route.topSequence.reset();
        onGap(channel);
      } else this.#onTop(channel, route, header, bids, asks, tsRecvUs);
    }
    if (channel === channels.book(contractId)) this.#onBook(route, header, bids, asks, tsRecvUs);
  }

  #onTop(
    channel: string,
    route: Route,
    header: DepthHeader,
    bids: readonly LevelTexts[],
    asks: readonly LevelTexts[],
    tsRecvUs: number,
  ): void {
    const verdict = route.topSequence.take(header);
    if (verdict === "gap") {
      route.meters.quotes.gap();
      return this.#options.onGap(channel);
    }
    if (verdict === "stale" || verdict === "ignore") return;
    const { top } = route;
    if (verdict === "snapshot") top.clear();
    for (const [price, size] of bids) top.bids.set(numberOf(price), numberOf(size));
    for (const [price, size] of asks) top.asks.set(numberOf(price), numberOf(size));
    route.meters.quotes.update(NaN, tsRecvUs);
    this.#quote(route, top.bids.price, top.bids.size, top.asks.price, top.asks.size, tsRecvUs, "stream");
  }

  #quote(
    route: Route,
    bidPrice: number,
    bidSize: number,
    askPrice: number,
    askSize: number,
    tsRecvUs: number,
    source: DataSource,
  ): void {
    const hasBid = bidPrice > 0 && bidSize > 0;
    const hasAsk = askPrice > 0 && askSize > 0;
    this.#options.publish.quote(
      route.index,
      hasBid ? bidPrice : NaN,
      hasBid ? bidSize : 0,
      hasAsk ? askPrice : NaN,
      hasAsk ? askSize : 0,
      NaN,
      tsRecvUs,
      source,
    );
  }

  #onTrade(route: Route, row: Row, tsRecvUs: number): void {
    const price = numberOf(row["price"]);
    const sizeBase = numberOf(row["size"]);
    const tsVenueMs = timeOf(row["time"]);
    const { isBuyerMaker } = row;
    if (!(price > 0 && sizeBase > 0 && tsVenueMs > 0) || typeof isBuyerMaker !== "boolean") {
      return this.#misfit("a trade");
    }
    route.meters.trades.update(tsVenueMs, tsRecvUs);
    // Where the buyer rested, the taker sold.
    const takerSide = isBuyerMaker ? "sell" : "buy";
    this.#options.publish.trade(route.index, takerSide, price, sizeBase, tsVenueMs, tsRecvUs);
  }

  /** Mark equals oracle; older deployments state the oracle's alone. */
  #onTicker(route: Route, row: Row, tsRecvUs: number): void {
    const stated = numberOf(row["markPrice"]);
    const markPrice = stated > 0 ? stated : numberOf(row["oraclePrice"]);
    if (!(markPrice > 0)) return this.#misfit("a ticker without a mark price");
    const indexPrice = numberOf(row["indexPrice"]);
    route.markPrice = markPrice;
    route.meters.marks.update(NaN, tsRecvUs);
    this.#options.publish.mark(
      route.index,
      markPrice,
      indexPrice > 0 ? indexPrice : NaN,
      numberOf(row["fundingRate"]),
      timeOf(row["nextFundingTime"]),
      tsRecvUs / 1_000,
      tsRecvUs,
    );
  }

  #onBook(
    route: Route,
    header: DepthHeader | undefined,
    bids: readonly LevelTexts[] | undefined,
    asks: readonly LevelTexts[] | undefined,
    tsRecvUs: number,
  ): void {
    // What can't be read may be a change: the book is not known any more.
    if (header === undefined || bids === undefined || asks === undefined) {
      this.#options.misfits.note("book_not_readable", `${route.one.instrument.symbol}: not as documented`);
      return this.#loseBook(route, tsRecvUs);
    }
    const verdict = route.bookSequence.take(header);
    if (verdict === "stale" || verdict === "ignore") return;
    if (verdict === "gap") return this.#loseBook(route, tsRecvUs);
    let bidLevels: readonly BookLevel[];
    let askLevels: readonly BookLevel[];
    try {
      bidLevels = bookLevels(bids, route.one);
      askLevels = bookLevels(asks, route.one);
    } catch (error) {
      // A level off the tick: the instrument's metadata is older than the book.
      const why = `${route.one.instrument.symbol}: ${describeError(error)}`;
      this.#options.misfits.note("book_not_readable", why);
      return this.#loseBook(route, tsRecvUs);
    }
    route.meters.books.update(NaN, tsRecvUs);
    this.#options.publish.book({
      instrument: route.one.instrument.id,
      kind: verdict,
      bids: bidLevels,
      asks: askLevels,
      tsVenueMs: tsRecvUs / 1_000,
      tsRecvUs,
    });
  }

  #loseBook(route: Route, tsRecvUs: number): void {
    route.bookSequence.reset();
    route.meters.books.gap();
    this.#publishInvalid(route, tsRecvUs);
    this.#options.onGap(this.#options.channels.book(route.one.contractId));
  }

  #publishInvalid(route: Route, tsRecvUs: number): void {
    const instrument = route.one.instrument.id;
    const tsVenueMs = tsRecvUs / 1_000;
    this.#options.publish.book({ instrument, kind: "invalid", bids: [], asks: [], tsVenueMs, tsRecvUs });
  }
}

/** Undefined where versions or type are not as documented. */
function headerOf(row: Row): DepthHeader | undefined {
  const { depthType, endVersion, startVersion } = row;
  if (depthType !== "SNAPSHOT" && depthType !== "CHANGED") return undefined;
  if (!isVersion(startVersion) || !isVersion(endVersion)) return undefined;
  return {
    isSnapshot: depthType === "SNAPSHOT",
    startVersion: BigInt(startVersion),
    endVersion: BigInt(endVersion),
  };
}

const isVersion = (value: unknown): value is string => typeof value === "string" && /^\d{1,20}$/.test(value);

/** Undefined where one of them is no level of two texts. */
function levelsOf(side: unknown): readonly LevelTexts[] | undefined {
  if (!Array.isArray(side)) return undefined;
  const levels: LevelTexts[] = [];
  const found: readonly unknown[] = side;
  for (const level of found) {
    const [price, size]: readonly unknown[] = Array.isArray(level)
      ? level
      : isRecord(level)
      ? [level["price"], level["size"]]
      : [];
    if (typeof price !== "string" || typeof size !== "string") return undefined;
    if (!(numberOf(price) > 0 && numberOf(size) >= 0)) return undefined;
    levels.push([price, size]);
  }
  return levels;
}

/** @throws {BerthError} MODEL_INVALID_DECIMAL, INSTRUMENT_OFF_TICK, MODEL_OUT_OF_RANGE */
const bookLevels = (side: readonly LevelTexts[], one: EdgexInstrument): readonly BookLevel[] =>
  side.map(([price, size]) => ({ priceTicks: parsePrice(price, one), sizeLots: parseSize(size, one) }));
