/**
 * The public channels (okx.md, 3.2 and 3.3): each push is made once and handed to everybody who subscribed to it.
 * bbo-tbt and trades at once, books and books5 and tickers every 100 ms, mark, index and funding as they come.
 */
import type { Faults } from "../../simulation/faults.ts";
import type { SimulatedEvent, SimulatedLevel, SimulatedVenue } from "../../simulation/ports.ts";
import {
  contractsText,
  listingOf,
  listingOfSymbol,
  listings,
  type OkxListing,
  priceText,
  timeText,
} from "./listing.ts";

export interface PublicArgument {
  readonly channel: string;
  readonly instId: string;
}

export const publicChannels: readonly string[] = [
  "bbo-tbt",
  "books",
  "books5",
  "tickers",
  "trades",
  "mark-price",
  "index-tickers",
  "funding-rate",
];

const flushMs = 100;
const heartbeatMs = 60_000;

const keyOf = (channel: string, instId: string): string => `${channel}:${instId}`;
const indexId = (one: OkxListing): string => `${one.simulated.baseAsset}-USDT`;

interface BookState {
  readonly bids: Map<number, number>;
  readonly asks: Map<number, number>;
  lastSequence: number;
  tsSentMs: number;
  isTickerDue: boolean;
  topText: string;
}

export class PublicFeed {
  readonly #venue: SimulatedVenue;
  readonly #faults: Faults;
  readonly #subscribers = new Map<string, Set<(text: string) => void>>();
  readonly #books = new Map<string, BookState>();
  readonly #stops: (() => void)[] = [];

  constructor(venue: SimulatedVenue, faults: Faults) {
    this.#venue = venue;
    this.#faults = faults;
    for (const one of listings) {
      const empty = {
        bids: new Map(),
        asks: new Map(),
        lastSequence: 0,
        tsSentMs: 0,
        isTickerDue: false,
        topText: "",
      };
      if (venue.instrument(one.simulated.symbol) !== undefined) this.#books.set(one.simulated.symbol, empty);
    }
    this.#stops.push(venue.subscribe((event) => this.#onEvent(event)));
    this.#repeat(() => this.#flush());
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  /** True when such a channel and instrument exist. */
  knows({ channel, instId }: PublicArgument): boolean {
    if (channel === "index-tickers") {
      return listings.some((one) => indexId(one) === instId && this.#isListed(one));
    }
    const one = listingOf(instId);
    return publicChannels.includes(channel) && one !== undefined && this.#isListed(one);
  }

  subscribe(argument: PublicArgument, send: (text: string) => void): void {
    const key = keyOf(argument.channel, argument.instId);
    const subscribers = this.#subscribers.get(key) ?? new Set();
    this.#subscribers.set(key, subscribers);
    subscribers.add(send);
    for (const text of this.#initial(argument)) send(text);
  }

  unsubscribe(argument: PublicArgument, send: (text: string) => void): void {
    this.#subscribers.get(keyOf(argument.channel, argument.instId))?.delete(send);
  }

  #isListed(one: OkxListing): boolean {
    return this.#venue.instrument(one.simulated.symbol) !== undefined;
  }

  #repeat(task: () => void): void {
    let cancel = (): void => {};
    const plan = (): void => {
      cancel = this.#venue.clock.schedule(flushMs, () => {
        task();
        plan();
      });
    };
    plan();
    this.#stops.push(() => cancel());
  }

  #push(channel: string, instId: string, data: unknown, action?: string): void {
    const subscribers = this.#subscribers.get(keyOf(channel, instId));
    if (subscribers === undefined || subscribers.size === 0) return;
    const text = frame(channel, instId, data, action);
    for (const send of subscribers) send(text);
  }

  #hasSubscribers(channel: string, instId: string): boolean {
    return (this.#subscribers.get(keyOf(channel, instId))?.size ?? 0) > 0;
  }

  #initial({ channel, instId }: PublicArgument): readonly string[] {
    const one = channel === "index-tickers"
      ? listings.find((other) => indexId(other) === instId)
      : listingOf(instId);
    if (one === undefined) return [];
    const { symbol } = one.simulated;
    switch (channel) {
      case "bbo-tbt":
        return [frame(channel, instId, this.#depth(symbol, 1))];
      case "books5":
        return [frame(channel, instId, this.#depth(symbol, 5))];
      case "books": {
        // What is not flushed yet is in the snapshot: the first update must not repeat it.
        this.#flushBook(symbol);
        const state = this.#books.get(symbol);
        return [
          frame(channel, instId, {
            ...this.#depth(symbol, 400),
            seqId: state?.lastSequence ?? 0,
            checksum: 0,
            prevSeqId: -1,
          }, "snapshot"),
        ];
      }
      case "tickers":
        return [frame(channel, instId, this.ticker(symbol))];
      case "mark-price":
      case "index-tickers":
      case "funding-rate":
        return [frame(channel, instId, this.#markData(channel, one))];
      default:
        return [];
    }
  }

  #onEvent(event: SimulatedEvent): void {
    if (event.kind === "book") this.#onBook(event);
    if (event.kind === "trade") {
      const { symbol, tradeId, priceTicks, sizeLots, takerSide, tsMs } = event.trade;
      const one = listingOfSymbol(symbol);
      const state = this.#books.get(symbol);
      if (state !== undefined) state.isTickerDue = true;
      this.#push("trades", one.instId, {
        instId: one.instId,
        tradeId,
        px: priceText(priceTicks, one),
        sz: contractsText(sizeLots, one),
        side: takerSide,
        ts: timeText(tsMs),
        count: "1",
        source: "0",
        seqId: state?.lastSequence ?? 0,
      });
    }
    if (event.kind === "mark") {
      const one = listingOfSymbol(event.mark.symbol);
      for (const channel of ["mark-price", "index-tickers", "funding-rate"]) {
        this.#push(
          channel,
          channel === "index-tickers" ? indexId(one) : one.instId,
          this.#markData(channel, one),
        );
      }
    }
  }

  #onBook(event: Extract<SimulatedEvent, { readonly kind: "book" }>): void {
    const state = this.#books.get(event.symbol);
    if (state === undefined) return;
    const { instId } = listingOfSymbol(event.symbol);
    for (const { priceTicks, sizeLots } of event.changedBids) state.bids.set(priceTicks, sizeLots);
    for (const { priceTicks, sizeLots } of event.changedAsks) state.asks.set(priceTicks, sizeLots);
    if (!this.#hasSubscribers("bbo-tbt", instId)) return;
    const top = this.#depth(event.symbol, 1);
    const topText = JSON.stringify([top.bids, top.asks]);
    if (topText === state.topText) return;
    state.topText = topText;
    this.#push("bbo-tbt", instId, top);
  }

  #flush(): void {
    const nowMs = this.#venue.clock.nowMs();
    for (const [symbol, state] of this.#books) {
      const { instId } = listingOfSymbol(symbol);
      const hasChanged = state.bids.size + state.asks.size > 0;
      if (hasChanged) {
        this.#push("books5", instId, this.#depth(symbol, 5));
        state.isTickerDue = true;
        this.#flushBook(symbol);
      } else if (nowMs - state.tsSentMs > heartbeatMs) {
        state.tsSentMs = nowMs;
        const { lastSequence: seqId } = state;
        this.#push("books", instId, {
          asks: [],
          bids: [],
          ts: timeText(nowMs),
          checksum: 0,
          prevSeqId: seqId,
          seqId,
        }, "update");
      }
      if (state.isTickerDue) this.#push("tickers", instId, this.ticker(symbol));
      state.isTickerDue = false;
    }
  }

  /** Sends what changed in a book since the last flush as one update. */
  #flushBook(symbol: string): void {
    const state = this.#books.get(symbol);
    if (state === undefined) return;
    const one = listingOfSymbol(symbol);
    const prevSeqId = state.lastSequence;
    const seqId = this.#venue.book(symbol, 0).sequence;
    const rows = (levels: ReadonlyMap<number, number>) =>
      [...levels].map((
        [priceTicks, sizeLots],
      ) => [priceText(priceTicks, one), contractsText(sizeLots, one), "0", sizeLots === 0 ? "0" : "1"]);
    const data = {
      asks: rows(state.asks),
      bids: rows(state.bids),
      ts: timeText(this.#venue.clock.nowMs()),
      checksum: 0,
      prevSeqId,
      seqId,
    };
    state.bids.clear();
    state.asks.clear();
    state.lastSequence = seqId;
    state.tsSentMs = this.#venue.clock.nowMs();
    if (seqId !== prevSeqId && !this.#faults.isPublicGap()) this.#push("books", one.instId, data, "update");
  }

  #depth(
    symbol: string,
    depth: number,
  ): { readonly asks: unknown; readonly bids: unknown; readonly ts: string; readonly seqId: number } {
    const one = listingOfSymbol(symbol);
    const { bids, asks, sequence, tsMs } = this.#venue.book(symbol, depth);
    const rows = (levels: readonly SimulatedLevel[]) =>
      levels.map((
        { priceTicks, sizeLots },
      ) => [priceText(priceTicks, one), contractsText(sizeLots, one), "0", "1"]);
    return { asks: rows(asks), bids: rows(bids), ts: timeText(tsMs), seqId: sequence };
  }

  /** One row of the tickers channel and of `market/ticker`. */
  ticker(symbol: string): Readonly<Record<string, string>> {
    const one = listingOfSymbol(symbol);
    const { bids: [bid], asks: [ask], tsMs } = this.#venue.book(symbol, 1);
    const last = this.#venue.recentTrades(symbol, 1)[0];
    const lastPx = last === undefined ? "" : priceText(last.priceTicks, one);
    return {
      instType: "SWAP",
      instId: one.instId,
      last: lastPx,
      lastSz: last === undefined ? "" : contractsText(last.sizeLots, one),
      askPx: ask === undefined ? "" : priceText(ask.priceTicks, one),
      askSz: ask === undefined ? "" : contractsText(ask.sizeLots, one),
      bidPx: bid === undefined ? "" : priceText(bid.priceTicks, one),
      bidSz: bid === undefined ? "" : contractsText(bid.sizeLots, one),
      open24h: lastPx,
      high24h: lastPx,
      low24h: lastPx,
      volCcy24h: "0",
      vol24h: "0",
      sodUtc0: lastPx,
      sodUtc8: lastPx,
      ts: timeText(tsMs),
    };
  }

  /** `market/books`. */
  depthRow(symbol: string, depth: number): Readonly<Record<string, unknown>> {
    return this.#depth(symbol, depth);
  }

  #markData(channel: string, one: OkxListing): Readonly<Record<string, string>> {
    const mark = this.#venue.mark(one.simulated.symbol);
    const price = (value: number): string => value.toFixed(one.tick.decimals);
    const ts = timeText(mark.tsMs);
    if (channel === "mark-price") {
      return { instType: "SWAP", instId: one.instId, markPx: price(mark.markPrice), ts };
    }
    if (channel === "index-tickers") return { instId: indexId(one), idxPx: price(mark.indexPrice), ts };
    return this.fundingRow(one);
  }

  fundingRow(one: OkxListing): Readonly<Record<string, string>> {
    const mark = this.#venue.mark(one.simulated.symbol);
    const intervalMs = one.simulated.fundingIntervalHours * 3_600_000;
    return {
      instType: "SWAP",
      instId: one.instId,
      method: "current_period",
      formulaType: "withRate",
      fundingRate: mark.fundingRate.toFixed(10),
      nextFundingRate: "",
      fundingTime: timeText(mark.tsNextFundingMs),
      nextFundingTime: timeText(mark.tsNextFundingMs + intervalMs),
      minFundingRate: "-0.0075",
      maxFundingRate: "0.0075",
      interestRate: "0.0001",
      impactValue: "20000",
      settState: "settled",
      settFundingRate: mark.fundingRate.toFixed(10),
      premium: "0",
      ts: timeText(mark.tsMs),
    };
  }
}

function frame(channel: string, instId: string, data: unknown, action?: string): string {
  return JSON.stringify({
    arg: { channel, instId },
    ...(action === undefined ? {} : { action }),
    data: [data],
  });
}
