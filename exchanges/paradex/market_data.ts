/**
 * Public data: the venue's channels → quotes, trades, marks and order books.
 *
 * Books follow the venue's rule: a snapshot after subscribing, then deltas whose sequence grows by exactly one,
 * empty ones included. Anything else makes the book invalid until a fresh snapshot, which subscribing anew brings.
 *
 * @see https://docs.paradex.trade "WebSocket: order book" and, for the channel names that work, probes of 2026-10-07
 */
import {
  type BookLevel,
  type BookUpdate,
  type Clock,
  type ConnectionState,
  type Increment,
  type InstrumentId,
  type Log,
  type MarketData,
  type MarketDataKind,
  type MarketDataSubscription,
  priceTicks,
  type Publish,
  type Random,
  type Scheduler,
  sizeLots,
} from "@berth/sdk";
import type { InstrumentList, ListedInstrument } from "./instruments.ts";
import { BookResync } from "@berth/sdk/venue/book_resync.ts";
import type { ChannelMeter, FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import type { ParadexMisfits } from "./misfits.ts";
import { decodeFrame, templateOf } from "./wire/sbe.ts";
import {
  type BookRecord,
  decodeBbo,
  decodeBook,
  decodeTrade,
  emptyBbo,
  emptyBook,
  emptyTrade,
  type HotResult,
  hotTemplates,
  type LevelRows,
  MarketNames,
} from "./wire/sbe_hot.ts";
import { fundingOfSbe, summaryOfSbe } from "./wire/records.ts";

/** What the feed needs of a connection. */
export interface Channels {
  readonly state: ConnectionState;
  subscribe(channel: string): void;
  unsubscribe(channel: string): void;
  resubscribe(channel: string): void;
}

export type ChannelNames = Readonly<Record<MarketDataKind, (market: string) => readonly string[]>>;

export const summaryChannel = (market: string): string => `markets_summary.${market}`;

/**
 * Channels by what they bring. Frames name the market and not the channel, so one connection carries one form of each.
 * Deltas go by their bare name: the documented form with depth and rate is refused on binary connections.
 */
export function channelNames(
  settings: {
    readonly quoteChannel: "api" | "interactive";
    readonly bookChannel: string;
    readonly fundingChannel: boolean;
  },
): ChannelNames {
  return {
    quotes: (market) => [settings.quoteChannel === "api" ? `bbo.${market}` : `bbo.${market}.interactive`],
    trades: (market) => [`trades.${market}`],
    marks: (market) => [
      summaryChannel(market),
      ...(settings.fundingChannel ? [`funding_data.${market}`] : []),
    ],
    books: (market) => [`order_book.${market}.${settings.bookChannel}`],
  };
}

const summaryTemplate = 4;
const fundingTemplate = 5;
/** FillType numbers of prints at the order book: FILL, LIQUIDATION, RPI. The others are transfers and block trades. */
const bookTradeTypes: ReadonlySet<number> = new Set([1, 2, 5]);

interface MarketState {
  listed: ListedInstrument;
  readonly kinds: Set<MarketDataKind>;
  readonly meters: Readonly<Record<MarketDataKind, ChannelMeter>>;
  /** Of the newest quote on this connection; -1 before the first. */
  quoteSequence: number;
  /** Of the newest applied book frame; -1 while the book is invalid. */
  bookSequence: number;
  /** Raw 10^-8 units in one tick and one lot. */
  tickUnits: number;
  lotUnits: number;
}

/** Microseconds since the epoch, up to the year 33,000. */
const isTime = (tsUs: number): boolean => tsUs > 0 && tsUs < 1e18;

const rawUnits = (increment: Increment): number => increment.units * 10 ** (8 - increment.decimals);

export class MarketDataFeed implements MarketData {
  readonly #channels: Channels;
  readonly #publish: Publish;
  readonly #instruments: InstrumentList;
  readonly #statistics: FeedStatistics;
  readonly #misfits: ParadexMisfits;
  readonly #log: Log;
  readonly #states = new Map<string, MarketState>();
  readonly #names: ChannelNames;
  readonly #resync: BookResync;
  readonly #marketNames = new MarketNames();
  readonly #bbo = emptyBbo();
  readonly #trade = emptyTrade();
  readonly #book = emptyBook();

  constructor(options: {
    readonly channels: Channels;
    readonly names: ChannelNames;
    readonly clock: Clock;
    readonly scheduler: Scheduler;
    readonly random: Random;
    readonly publish: Publish;
    readonly instruments: InstrumentList;
    readonly statistics: FeedStatistics;
    readonly misfits: ParadexMisfits;
    readonly log: Log;
  }) {
    this.#channels = options.channels;
    this.#names = options.names;
    this.#resync = new BookResync({
      clock: options.clock,
      scheduler: options.scheduler,
      random: options.random,
      refresh: (market) => {
        for (const channel of this.#names.books(market)) this.#channels.resubscribe(channel);
      },
    });
    this.#publish = options.publish;
    this.#instruments = options.instruments;
    this.#statistics = options.statistics;
    this.#misfits = options.misfits;
    this.#log = options.log;
  }

  subscribe(subscriptions: readonly MarketDataSubscription[]): void {
    for (const { instrument, kinds } of subscriptions) {
      const state = this.#stateOf(instrument);
      if (state === undefined) {
        this.#log.error("no such instrument", { instrument });
        continue;
      }
      for (const kind of kinds) {
        state.kinds.add(kind);
        for (const channel of this.#names[kind](state.listed.instrument.venueSymbol)) {
          this.#channels.subscribe(channel);
        }
      }
    }
  }

  unsubscribe(subscriptions: readonly MarketDataSubscription[]): void {
    for (const { instrument, kinds } of subscriptions) {
      const state = this.#stateOf(instrument);
      if (state === undefined) continue;
      for (const kind of kinds) {
        if (!state.kinds.delete(kind)) continue;
        for (const channel of this.#names[kind](state.listed.instrument.venueSymbol)) {
          this.#channels.unsubscribe(channel);
        }
        if (kind === "books") state.bookSequence = -1;
      }
    }
  }

  /** The venue changed an instrument: its book is counted in new ticks from the next snapshot on. */
  instrumentChanged(listed: ListedInstrument, tsRecvUs: number): void {
    const state = this.#states.get(listed.instrument.venueSymbol);
    if (state === undefined) return;
    const [tickUnits, lotUnits] = [rawUnits(listed.instrument.tick), rawUnits(listed.instrument.lot)];
    const isRescaled = tickUnits !== state.tickUnits || lotUnits !== state.lotUnits;
    state.listed = listed;
    state.tickUnits = tickUnits;
    state.lotUnits = lotUnits;
    if (!isRescaled || !state.kinds.has("books")) return;
    this.#invalidate(state, tsRecvUs);
    this.#resync.onGap(listed.instrument.venueSymbol);
  }

  /** Markets with quotes wanted, for the REST stand-in. */
  quotedInstruments(): readonly ListedInstrument[] {
    return [...this.#states.values()].filter((state) => state.kinds.has("quotes")).map((state) =>
      state.listed
    );
  }

  /** The connection's state changed: what was known of books and sequences belongs to the old connection. */
  onState(state: ConnectionState, tsRecvUs: number): void {
    if (state === "connected") return;
    this.#resync.clear();
    for (const market of this.#states.values()) {
      market.quoteSequence = -1;
      if (market.bookSequence !== -1) this.#invalidate(market, tsRecvUs);
    }
  }

  /** One binary frame. */
  onBinary(view: DataView, tsRecvUs: number): void {
    switch (templateOf(view)) {
      case hotTemplates.bbo:
        return this.#onBbo(view, tsRecvUs);
      case hotTemplates.book:
        return this.#onBook(view, tsRecvUs);
      case hotTemplates.trade:
        return this.#onTrade(view, tsRecvUs);
      case summaryTemplate:
        return this.#onSummary(view, tsRecvUs);
      case fundingTemplate:
        return this.#onFunding(view, tsRecvUs);
      case -1:
        return this.#misfit("no frame of this schema", view);
      default:
        // Heartbeats, and templates that came after this was written.
        return;
    }
  }

  #onBbo(view: DataView, tsRecvUs: number): void {
    const bbo = this.#bbo;
    const result = decodeBbo(view, this.#marketNames, bbo);
    if (result !== "ok") return this.#misfit(result, view);
    if (!isTime(bbo.tsUs)) return this.#misfit("no time", view);
    const state = this.#states.get(bbo.market);
    if (state === undefined || !state.kinds.has("quotes")) return;
    // Skips are normal here; an older number is a late frame.
    if (bbo.sequence < state.quoteSequence) return;
    state.quoteSequence = bbo.sequence;
    state.meters.quotes.update(bbo.tsUs / 1000, tsRecvUs);
    const hasBid = bbo.bidPrice > 0 && bbo.bidSize > 0;
    const hasAsk = bbo.askPrice > 0 && bbo.askSize > 0;
    this.#publish.quote(
      state.listed.index,
      hasBid ? bbo.bidPrice : NaN,
      hasBid ? bbo.bidSize : 0,
      hasAsk ? bbo.askPrice : NaN,
      hasAsk ? bbo.askSize : 0,
      Math.trunc(bbo.tsUs / 1000),
      tsRecvUs,
      "stream",
    );
  }

  #onTrade(view: DataView, tsRecvUs: number): void {
    const trade = this.#trade;
    const result = decodeTrade(view, this.#marketNames, trade);
    if (result !== "ok") return this.#misfit(result, view);
    const isSound = trade.price > 0 && trade.size > 0 && isTime(trade.createdAtUs);
    if (!isSound) return this.#misfit("no price, size or time", view);
    const state = this.#states.get(trade.market);
    const isPrint = trade.side !== "" && bookTradeTypes.has(trade.tradeType);
    if (state === undefined || !state.kinds.has("trades") || !isPrint) return;
    const takerSide = trade.side === "BUY" ? "buy" : "sell";
    const tsVenueMs = Math.trunc(trade.createdAtUs / 1000);
    state.meters.trades.update(trade.createdAtUs / 1000, tsRecvUs);
    this.#publish.trade(state.listed.index, takerSide, trade.price, trade.size, tsVenueMs, tsRecvUs);
  }

  #onSummary(view: DataView, tsRecvUs: number): void {
    const frame = decodeFrame(view);
    if (frame.kind !== "message") return this.#misfit(frame.kind, view);
    const summary = summaryOfSbe(frame);
    if (summary.kind === "misfit") return this.#misfit(summary.details, view);
    const { market, markPrice, indexPrice, fundingRate, tsVenueMs } = summary.value;
    if (!(markPrice > 0 && isTime(tsVenueMs * 1_000))) return this.#misfit("no mark price or time", view);
    const state = this.#states.get(market);
    if (state === undefined || !state.kinds.has("marks")) return;
    state.meters.marks.update(tsVenueMs, tsRecvUs);
    // Funding accrues continuously: there is no next funding time.
    this.#publish.mark(
      state.listed.index,
      markPrice,
      indexPrice > 0 ? indexPrice : NaN,
      fundingRate,
      Number.NaN,
      tsVenueMs,
      tsRecvUs,
    );
  }

  /** The rate as it is recomputed each second; mark and index come with the summary. */
  #onFunding(view: DataView, tsRecvUs: number): void {
    const frame = decodeFrame(view);
    if (frame.kind !== "message") return this.#misfit(frame.kind, view);
    const funding = fundingOfSbe(frame);
    if (funding.kind === "misfit") return this.#misfit(funding.details, view);
    const { market, fundingRate, tsVenueMs } = funding.value;
    if (!isTime(tsVenueMs * 1_000)) return this.#misfit("no time", view);
    const state = this.#states.get(market);
    if (state === undefined || !state.kinds.has("marks")) return;
    state.meters.marks.update(tsVenueMs, tsRecvUs);
    this.#publish.mark(state.listed.index, NaN, NaN, fundingRate, NaN, tsVenueMs, tsRecvUs);
  }

  #onBook(view: DataView, tsRecvUs: number): void {
    const book = this.#book;
    const result = decodeBook(view, this.#marketNames, book);
    if (result !== "ok") return this.#misfit(result, view);
    if (!isTime(book.tsUs)) return this.#misfit("no time", view);
    const state = this.#states.get(book.market);
    if (state === undefined || !state.kinds.has("books")) return;
    state.meters.books.update(book.tsUs / 1000, tsRecvUs);
    if (book.isSnapshot) {
      state.bookSequence = book.sequence;
      return this.#publish.book(this.#bookUpdate("snapshot", state, book, tsRecvUs));
    }
    if (state.bookSequence === -1) return; // deltas of a book that is being replaced
    if (book.sequence !== state.bookSequence + 1) {
      state.meters.books.gap();
      this.#log.warn("order book gap", {
        market: book.market,
        expected: state.bookSequence + 1,
        found: book.sequence,
      });
      this.#invalidate(state, tsRecvUs);
      return this.#resync.onGap(book.market);
    }
    state.bookSequence = book.sequence;
    if (book.bids.count + book.asks.count > 0) {
      this.#publish.book(this.#bookUpdate("delta", state, book, tsRecvUs));
    }
  }

  #bookUpdate(
    kind: "snapshot" | "delta",
    state: MarketState,
    book: BookRecord,
    tsRecvUs: number,
  ): Omit<BookUpdate, "sequence"> {
    return {
      instrument: state.listed.instrument.id,
      kind,
      bids: levelsOf(book.bids, state),
      asks: levelsOf(book.asks, state),
      tsVenueMs: Math.trunc(book.tsUs / 1000),
      tsRecvUs,
    };
  }

  #invalidate(state: MarketState, tsRecvUs: number): void {
    state.bookSequence = -1;
    this.#publish.book({
      instrument: state.listed.instrument.id,
      kind: "invalid",
      bids: [],
      asks: [],
      tsVenueMs: Math.trunc(tsRecvUs / 1000),
      tsRecvUs,
    });
  }

  #misfit(why: HotResult | string, view: DataView): void {
    this.#misfits.note("binary_frame", `${why}, ${view.byteLength} bytes`);
  }

  #stateOf(id: InstrumentId): MarketState | undefined {
    const listed = this.#instruments.byId(id);
    if (listed === undefined) return undefined;
    const market = listed.instrument.venueSymbol;
    const known = this.#states.get(market);
    if (known !== undefined) return known;
    const meter = (kind: MarketDataKind): ChannelMeter => this.#statistics.meter(listed.instrument.id, kind);
    const state: MarketState = {
      listed,
      kinds: new Set(),
      meters: {
        quotes: meter("quotes"),
        trades: meter("trades"),
        books: meter("books"),
        marks: meter("marks"),
      },
      quoteSequence: -1,
      bookSequence: -1,
      tickUnits: rawUnits(listed.instrument.tick),
      lotUnits: rawUnits(listed.instrument.lot),
    };
    this.#states.set(market, state);
    return state;
  }
}

/**
 * Raw 10^-8 units to whole ticks and lots, exactly. Levels off the tick or lot are left out: they date from before a
 * change of the increments, and no order of ours can meet them at their price.
 */
function levelsOf(rows: LevelRows, state: MarketState): BookLevel[] {
  const levels: BookLevel[] = [];
  for (let i = 0; i < rows.count; i++) {
    const ticks = rows.prices[i]! / state.tickUnits;
    const lots = rows.sizes[i]! / state.lotUnits;
    if (ticks > 0 && lots >= 0 && Number.isSafeInteger(ticks) && Number.isSafeInteger(lots)) {
      levels.push({ priceTicks: priceTicks(ticks), sizeLots: sizeLots(lots) });
    }
  }
  return levels;
}
