/**
 * The public streams: each push is made once and handed to everybody who subscribed to it. bookTicker at once, aggTrade
 * and depth gathered, mark prices every one or three seconds. Nothing is sent at the beginning: streams tell changes.
 */
import type { Faults } from "../../simulation/faults.ts";
import type {
  SimulatedEvent,
  SimulatedLevel,
  SimulatedTrade,
  SimulatedVenue,
} from "../../simulation/ports.ts";
import { type AsterListing, listingOfSymbol, priceText, sizeText, wholeMs } from "./listing.ts";

type Row = Readonly<Record<string, unknown>>;
/** @param stream by its name, for those who want it beside the data */
export type StreamListener = (stream: string, data: string) => void;

const depthSpeedsMs = { "depth@100ms": 100, "depth": 250, "depth@500ms": 500 } as const;
type DepthChannel = keyof typeof depthSpeedsMs;
const depthChannels: readonly DepthChannel[] = ["depth@100ms", "depth", "depth@500ms"];
const tradesEveryMs = 100;
const marksEveryMs = 1_000;
/** Of the slow stream of marks. */
const slowMarks = 3;

/** Changes of one book since its last push, for one speed. */
interface DepthState {
  readonly bids: Map<number, number>;
  readonly asks: Map<number, number>;
  lastId: number;
}

interface AggregateTrade {
  readonly first: SimulatedTrade;
  last: SimulatedTrade;
  sizeLots: number;
}

export class PublicFeed {
  readonly #venue: SimulatedVenue;
  readonly #faults: Faults;
  readonly #subscribers = new Map<string, Set<StreamListener>>();
  readonly #depths = new Map<string, DepthState>();
  readonly #tops = new Map<string, string>();
  readonly #trades = new Map<string, AggregateTrade>();
  readonly #stops: (() => void)[] = [];
  #markTicks = 0;
  #aggregateCount = 0;

  constructor(venue: SimulatedVenue, faults: Faults) {
    this.#venue = venue;
    this.#faults = faults;
    this.#stops.push(venue.subscribe((event) => this.#onEvent(event)));
    for (const channel of depthChannels) {
      this.#repeat(depthSpeedsMs[channel], () => {
        for (const { symbol } of venue.instruments) this.#flushDepth(symbol, channel);
      });
    }
    this.#repeat(tradesEveryMs, () => {
      for (const symbol of [...this.#trades.keys()]) this.#flushTrade(symbol);
    });
    this.#repeat(marksEveryMs, () => this.#flushMarks());
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  /** A stream that there is not stays silent, as the venue leaves it. */
  subscribe(stream: string, listener: StreamListener): void {
    const listeners = this.#subscribers.get(stream) ?? new Set();
    this.#subscribers.set(stream, listeners);
    listeners.add(listener);
  }

  unsubscribe(stream: string, listener: StreamListener): void {
    const listeners = this.#subscribers.get(stream);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#subscribers.delete(stream);
  }

  /** `GET depth`. */
  depth(one: AsterListing, levels: number): Row {
    const { asks, bids, sequence, tsMs } = this.#venue.book(one.simulated.symbol, levels);
    const rows = (side: readonly SimulatedLevel[]) =>
      side.map(({ priceTicks, sizeLots }) => [priceText(priceTicks, one), sizeText(sizeLots, one)]);
    const ms = wholeMs(tsMs);
    return { lastUpdateId: sequence, E: ms, T: ms, bids: rows(bids), asks: rows(asks) };
  }

  /** A row of `GET ticker/bookTicker`; an empty side is zero. */
  tickerRow(one: AsterListing): Row {
    const { asks: [ask], bids: [bid], tsMs } = this.#venue.book(one.simulated.symbol, 1);
    return {
      symbol: one.symbol,
      bidPrice: bid === undefined ? "0" : priceText(bid.priceTicks, one),
      bidQty: bid === undefined ? "0" : sizeText(bid.sizeLots, one),
      askPrice: ask === undefined ? "0" : priceText(ask.priceTicks, one),
      askQty: ask === undefined ? "0" : sizeText(ask.sizeLots, one),
      time: wholeMs(tsMs),
    };
  }

  #repeat(periodMs: number, task: () => void): void {
    let cancel = (): void => {};
    const plan = (): void => {
      cancel = this.#venue.clock.schedule(periodMs, () => {
        task();
        plan();
      });
    };
    plan();
    this.#stops.push(() => cancel());
  }

  #hasSubscribers(one: AsterListing, channel: string): boolean {
    return this.#subscribers.has(`${one.symbol.toLowerCase()}@${channel}`);
  }

  #push(one: AsterListing, channel: string, data: Row): void {
    const stream = `${one.symbol.toLowerCase()}@${channel}`;
    const listeners = this.#subscribers.get(stream);
    if (listeners === undefined) return;
    const text = JSON.stringify(data);
    for (const listener of listeners) listener(stream, text);
  }

  #onEvent(event: SimulatedEvent): void {
    if (event.kind === "trade") this.#onTrade(event.trade);
    if (event.kind !== "book") return;
    const { changedAsks, changedBids, symbol } = event;
    for (const channel of depthChannels) {
      const state = this.#depthState(symbol, channel);
      for (const { priceTicks, sizeLots } of changedBids) state.bids.set(priceTicks, sizeLots);
      for (const { priceTicks, sizeLots } of changedAsks) state.asks.set(priceTicks, sizeLots);
    }
    this.#onTop(symbol, event.sequence, event.tsMs);
  }

  #depthState(symbol: string, channel: DepthChannel): DepthState {
    const key = `${symbol}/${channel}`;
    const known = this.#depths.get(key);
    if (known !== undefined) return known;
    const made = { bids: new Map(), asks: new Map(), lastId: 0 };
    this.#depths.set(key, made);
    return made;
  }

  #onTop(symbol: string, sequence: number, tsMs: number): void {
    const one = listingOfSymbol(symbol);
    if (!this.#hasSubscribers(one, "bookTicker")) return;
    const { askPrice, askQty, bidPrice, bidQty } = this.tickerRow(one);
    const top = [bidPrice, bidQty, askPrice, askQty].join();
    if (top === this.#tops.get(symbol)) return;
    this.#tops.set(symbol, top);
    const ms = wholeMs(tsMs);
    this.#push(one, "bookTicker", {
      e: "bookTicker",
      u: sequence,
      E: ms,
      T: ms,
      s: one.symbol,
      b: bidPrice,
      B: bidQty,
      a: askPrice,
      A: askQty,
    });
  }

  #flushDepth(symbol: string, channel: DepthChannel): void {
    const state = this.#depthState(symbol, channel);
    const one = listingOfSymbol(symbol);
    const lastId = this.#venue.book(symbol, 0).sequence;
    if (lastId === state.lastId) return;
    const before = state.lastId;
    const rows = (levels: ReadonlyMap<number, number>) =>
      [...levels].map(([priceTicks, sizeLots]) => [priceText(priceTicks, one), sizeText(sizeLots, one)]);
    const ms = wholeMs(this.#venue.clock.nowMs());
    const hasSubscribers = this.#hasSubscribers(one, channel);
    const isLost = hasSubscribers && this.#faults.isPublicGap();
    if (hasSubscribers && !isLost) {
      this.#push(one, channel, {
        e: "depthUpdate",
        E: ms,
        T: ms,
        s: one.symbol,
        U: before + 1,
        u: lastId,
        pu: before,
        b: rows(state.bids),
        a: rows(state.asks),
      });
    }
    state.bids.clear();
    state.asks.clear();
    state.lastId = lastId;
  }

  /** Trades of one taker at one price are one. */
  #onTrade(trade: SimulatedTrade): void {
    const pending = this.#trades.get(trade.symbol);
    const { priceTicks, takerSide } = pending?.first ?? {};
    if (pending !== undefined && priceTicks === trade.priceTicks && takerSide === trade.takerSide) {
      pending.last = trade;
      pending.sizeLots += trade.sizeLots;
      return;
    }
    this.#flushTrade(trade.symbol);
    this.#trades.set(trade.symbol, { first: trade, last: trade, sizeLots: trade.sizeLots });
  }

  #flushTrade(symbol: string): void {
    const pending = this.#trades.get(symbol);
    if (pending === undefined) return;
    this.#trades.delete(symbol);
    const one = listingOfSymbol(symbol);
    this.#push(one, "aggTrade", {
      e: "aggTrade",
      E: wholeMs(this.#venue.clock.nowMs()),
      s: one.symbol,
      a: ++this.#aggregateCount,
      p: priceText(pending.first.priceTicks, one),
      q: sizeText(pending.sizeLots, one),
      f: Number(pending.first.tradeId),
      l: Number(pending.last.tradeId),
      T: wholeMs(pending.last.tsMs),
      m: pending.first.takerSide === "sell",
    });
  }

  #flushMarks(): void {
    this.#markTicks += 1;
    const nowMs = wholeMs(this.#venue.clock.nowMs());
    for (const { symbol } of this.#venue.instruments) {
      const one = listingOfSymbol(symbol);
      const channels = this.#markTicks % slowMarks === 0 ? ["markPrice@1s", "markPrice"] : ["markPrice@1s"];
      for (const channel of channels) {
        if (this.#hasSubscribers(one, channel)) this.#push(one, channel, this.#markRow(one, nowMs));
      }
    }
  }

  #markRow(one: AsterListing, nowMs: number): Row {
    const { fundingRate, indexPrice, markPrice, tsNextFundingMs } = this.#venue.mark(one.simulated.symbol);
    return {
      e: "markPriceUpdate",
      E: nowMs,
      s: one.symbol,
      p: markPrice.toFixed(8),
      i: indexPrice.toFixed(8),
      P: indexPrice.toFixed(8),
      r: fundingRate.toFixed(8),
      T: wholeMs(tsNextFundingMs),
    };
  }
}

/** Levels a side that `GET depth` gives, with their weights. */
export const depthWeights: ReadonlyMap<string, number> = new Map([
  ["5", 2],
  ["10", 2],
  ["20", 2],
  ["50", 2],
  ["100", 5],
  ["500", 10],
  ["1000", 20],
]);
