/**
 * Aster's public streams as quotes, trades, books, marks. The frequent ones (bookTicker, aggTrade, markPrice) are read by
 * hand: a look at the fields that are used, a count of what does not fit, no schema in the way.
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
import type { TextMisfits } from "@berth/sdk/venue/misfits.ts";
import { shownText } from "@berth/sdk/venue/shown_text.ts";
import { BookFollower } from "./book_rules.ts";
import { HotFrame } from "./hot_frames.ts";
import { type AsterInstrument, parsePrice, parseSize } from "./instruments.ts";
import {
  depthSchema,
  type DepthSnapshot,
  type DepthUpdate,
  depthUpdateSchema,
  isRecord,
  issueText,
  numberOf,
  timeOf,
} from "./wire.ts";

type Row = Readonly<Record<string, unknown>>;

/** An instrument with what the hot path needs of it, in one place. */
interface Route {
  one: AsterInstrument;
  readonly index: number;
  readonly book: BookFollower;
  readonly meters: Readonly<Record<MarketDataKind, ChannelMeter>>;
}

export interface MarketDataOptions {
  readonly publish: Publish;
  readonly statistics: FeedStatistics;
  readonly misfits: TextMisfits;
  /** A book lost its sequence: a snapshot is needed. */
  readonly onBookGap: (symbol: string) => void;
}

export class MarketDataReader {
  readonly #options: MarketDataOptions;
  readonly #routes = new Map<string, Route>();
  readonly #hot = new HotFrame();

  constructor(options: MarketDataOptions) {
    this.#options = options;
  }

  /** Adds an instrument, or takes over its change: a new tick makes the old book unreadable. */
  set(one: AsterInstrument, index: number, tsRecvUs: number): void {
    const known = this.#routes.get(one.symbol);
    if (known !== undefined) {
      const { lot, tick } = known.one.instrument;
      known.one = one;
      if (tick.text === one.instrument.tick.text && lot.text === one.instrument.lot.text) return;
      if (known.book.isValid) this.#loseBook(known, tsRecvUs / 1_000, tsRecvUs);
      return;
    }
    const meter = (channel: MarketDataKind): ChannelMeter =>
      this.#options.statistics.meter(one.instrument.id, channel);
    const meters = {
      quotes: meter("quotes"),
      trades: meter("trades"),
      books: meter("books"),
      marks: meter("marks"),
    };
    this.#routes.set(one.symbol, { one, index, book: new BookFollower(), meters });
  }

  /** Ends every book: the connection was lost. */
  invalidateBooks(tsRecvUs: number): void {
    for (const route of this.#routes.values()) {
      const wasValid = route.book.isValid;
      route.book.reset();
      if (wasValid) this.#publishInvalid(route, tsRecvUs / 1_000, tsRecvUs);
    }
  }

  /** Ends one book that nobody wants any more. */
  forgetBook(symbol: string): void {
    this.#routes.get(symbol)?.book.reset();
  }

  /** A snapshot is asked for: what changes meanwhile waits for it. */
  awaitBook(symbol: string): void {
    this.#routes.get(symbol)?.book.await();
  }

  /** The answer to `GET depth`. */
  onRestDepth(symbol: string, data: unknown, tsRecvUs: number): void {
    const route = this.#routes.get(symbol);
    if (route === undefined || !route.book.isAwaited) return; // nobody wants it any more
    const parsed = v.safeParse(depthSchema, data);
    if (!parsed.success) {
      this.#options.misfits.note("book_not_readable", issueText(parsed.issues));
      return this.#options.onBookGap(symbol);
    }
    const snapshot = parsed.output;
    const changes = route.book.takeSnapshot(snapshot);
    const tsVenueMs = snapshot.T ?? snapshot.E ?? tsRecvUs / 1_000;
    if (changes === undefined) return this.#options.onBookGap(symbol);
    if (!this.#publishBook(route, "snapshot", snapshot, tsVenueMs, tsRecvUs)) return;
    for (const change of changes) {
      if (!this.#publishChange(route, change, tsRecvUs)) return;
    }
  }

  /** A row of `GET ticker/bookTicker`: for the first quote, and the time when the stream is down. */
  onRestTicker(row: unknown, tsRecvUs: number): void {
    if (!isRecord(row)) return;
    const route = this.#routes.get(shownText(row["symbol"], 64));
    if (route === undefined) return;
    const tsVenueMs = timeOf(row["time"]);
    this.#quote(
      route,
      numberOf(row["bidPrice"]),
      numberOf(row["bidQty"]),
      numberOf(row["askPrice"]),
      numberOf(row["askQty"]),
      tsVenueMs,
      tsRecvUs,
      "rest",
    );
  }

  /** Reads the most frequent frames from their text. @returns false when the text is another frame's */
  onHotText(text: string, tsRecvUs: number): boolean {
    const hot = this.#hot;
    if (!hot.read(text)) return false;
    const route = this.#routes.get(hot.symbol);
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

  /** One parsed frame with data, of a raw stream. */
  onFrame(frame: Row, tsRecvUs: number): void {
    const { e, s } = frame;
    if (typeof e !== "string" || typeof s !== "string") {
      return this.#options.misfits.note("frame_not_known", "an event without kind or symbol");
    }
    const route = this.#routes.get(s);
    if (route === undefined) return this.#options.misfits.note("instrument_not_known", shownText(s, 64));
    switch (e) {
      case "bookTicker":
        return this.#quote(
          route,
          numberOf(frame["b"]),
          numberOf(frame["B"]),
          numberOf(frame["a"]),
          numberOf(frame["A"]),
          timeOf(frame["T"] ?? frame["E"]),
          tsRecvUs,
          "stream",
        );
      case "aggTrade":
        return this.#onTrade(route, frame, tsRecvUs);
      case "markPriceUpdate":
        return this.#onMark(route, frame, tsRecvUs);
      case "depthUpdate":
        return this.#onDepth(route, frame, tsRecvUs);
      default:
        return this.#options.misfits.note(
          "frame_not_known",
          `an event that was not asked for: ${shownText(e, 64)}`,
        );
    }
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
    if (!(tsVenueMs > 0)) return this.#misfit("a quote without time");
    if (source === "stream") route.meters.quotes.update(tsVenueMs, tsRecvUs);
    const hasBid = bidPrice > 0 && bidSize > 0;
    const hasAsk = askPrice > 0 && askSize > 0;
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

  #onTrade(route: Route, row: Row, tsRecvUs: number): void {
    const price = numberOf(row["p"]);
    const sizeBase = numberOf(row["q"]);
    const tsVenueMs = timeOf(row["T"]);
    const isBuyerMaker = row["m"];
    if (!(price > 0 && sizeBase > 0 && tsVenueMs > 0) || typeof isBuyerMaker !== "boolean") {
      return this.#misfit("a trade");
    }
    route.meters.trades.update(tsVenueMs, tsRecvUs);
    const side = isBuyerMaker ? "sell" : "buy";
    this.#options.publish.trade(route.index, side, price, sizeBase, tsVenueMs, tsRecvUs);
  }

  #onMark(route: Route, row: Row, tsRecvUs: number): void {
    const markPrice = numberOf(row["p"]);
    const tsVenueMs = timeOf(row["E"]);
    if (!(markPrice > 0 && tsVenueMs > 0)) return this.#misfit("a mark price");
    route.meters.marks.update(tsVenueMs, tsRecvUs);
    const { publish } = this.#options;
    const indexPrice = numberOf(row["i"]);
    publish.mark(
      route.index,
      markPrice,
      indexPrice > 0 ? indexPrice : NaN,
      numberOf(row["r"]),
      timeOf(row["T"]),
      tsVenueMs,
      tsRecvUs,
    );
  }

  #onDepth(route: Route, frame: Row, tsRecvUs: number): void {
    const parsed = v.safeParse(depthUpdateSchema, frame);
    // What can't be read is a change all the same: the book is not known any more.
    if (!parsed.success) {
      this.#options.misfits.note("book_not_readable", issueText(parsed.issues));
      if (route.book.isValid) this.#loseBook(route, tsRecvUs / 1_000, tsRecvUs);
      return;
    }
    const verdict = route.book.take(parsed.output);
    if (verdict === "gap") {
      route.meters.books.gap();
      this.#publishInvalid(route, parsed.output.E, tsRecvUs);
      this.#options.onBookGap(route.one.symbol);
    }
    if (verdict === "delta") this.#publishChange(route, parsed.output, tsRecvUs);
  }

  #publishChange(route: Route, { E, T, a, b }: DepthUpdate, tsRecvUs: number): boolean {
    const tsVenueMs = T ?? E;
    route.meters.books.update(tsVenueMs, tsRecvUs);
    return this.#publishBook(route, "delta", { bids: b, asks: a }, tsVenueMs, tsRecvUs);
  }

  /** False when a level can't be: the book is lost then. */
  #publishBook(
    route: Route,
    kind: "snapshot" | "delta",
    sides: Pick<DepthSnapshot, "asks" | "bids">,
    tsVenueMs: number,
    tsRecvUs: number,
  ): boolean {
    try {
      const bids = levelsOf(sides.bids, route.one);
      const asks = levelsOf(sides.asks, route.one);
      const instrument = route.one.instrument.id;
      this.#options.publish.book({ instrument, kind, bids, asks, tsVenueMs, tsRecvUs });
      return true;
    } catch (error) {
      // A level off the tick: the instrument's metadata is older than the book. A negative one: no book at all.
      this.#options.misfits.note("book_not_readable", `${route.one.symbol}: ${describeError(error)}`);
      this.#loseBook(route, tsVenueMs, tsRecvUs);
      return false;
    }
  }

  #loseBook(route: Route, tsVenueMs: number, tsRecvUs: number): void {
    route.book.reset();
    route.meters.books.gap();
    this.#publishInvalid(route, tsVenueMs, tsRecvUs);
    this.#options.onBookGap(route.one.symbol);
  }

  #publishInvalid(route: Route, tsVenueMs: number, tsRecvUs: number): void {
    const instrument = route.one.instrument.id;
    this.#options.publish.book({ instrument, kind: "invalid", bids: [], asks: [], tsVenueMs, tsRecvUs });
  }

  #misfit(why: string): void {
    this.#options.misfits.note("row_not_readable", why);
  }
}

/** @throws {BerthError} MODEL_INVALID_DECIMAL, INSTRUMENT_OFF_TICK, MODEL_OUT_OF_RANGE */
function levelsOf(side: readonly (readonly string[])[], one: AsterInstrument): readonly BookLevel[] {
  return side.map(([price = "", size = ""]) => {
    const level = { priceTicks: parsePrice(price, one), sizeLots: parseSize(size, one) };
    if (level.priceTicks > 0 && level.sizeLots >= 0) return level;
    throw new BerthError("MODEL_OUT_OF_RANGE", {
      what: "level",
      value: `${price} × ${size}`.slice(0, 100),
      range: "a price above and a size from 0",
    });
  });
}
