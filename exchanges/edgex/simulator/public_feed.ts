/**
 * Public channels of the simulated EdgeX: ticker, trades, and depth as windows of 15 and 200 levels with versions. Depth
 * and ticker go out ten times a second, trades as they happen.
 */
import type { Faults } from "../../simulation/faults.ts";
import type { SimulatedEvent, SimulatedVenue } from "../../simulation/ports.ts";
import {
  type EdgexListing,
  listedIn,
  listingOf,
  listingOfSymbol,
  metadata,
  priceText,
  type Row,
  sizeText,
  timeText,
} from "./listing.ts";

const flushMs = 100;
const depthLevels = [15, 200] as const;

/** What readers of one depth channel have been told. */
interface Window {
  readonly one: EdgexListing;
  readonly levels: number;
  readonly channel: string;
  bids: ReadonlyMap<number, number>;
  asks: ReadonlyMap<number, number>;
  version: number;
}

export class PublicFeed {
  readonly #venue: SimulatedVenue;
  readonly #faults: Faults;
  readonly #subscribers = new Map<string, Set<(text: string) => void>>();
  readonly #windows: readonly Window[];
  readonly #changedBooks = new Set<string>();
  readonly #changedTickers = new Set<string>();
  readonly #stops: (() => void)[] = [];

  constructor(venue: SimulatedVenue, faults: Faults) {
    this.#venue = venue;
    this.#faults = faults;
    this.#windows = listedIn(venue).flatMap((one) =>
      depthLevels.map((levels) => ({
        one,
        levels,
        channel: `depth.${one.contractId}.${levels}`,
        bids: new Map<number, number>(),
        asks: new Map<number, number>(),
        version: 1_000,
      }))
    );
    this.#stops.push(venue.subscribe((event) => this.#onEvent(event)));
    this.#repeat();
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  /** Undefined where there is such a channel. */
  faultOf(channel: string): { readonly code: string; readonly msg: string } | undefined {
    if (channel === "metadata") return undefined;
    const [kind = "", contractId = "", level, ...rest] = channel.split(".");
    const isKnown = rest.length === 0 &&
      (kind === "depth" ? depthLevels.some((one) => String(one) === level) : level === undefined);
    if (!isKnown || !["depth", "ticker", "trades"].includes(kind)) {
      return { code: "UNRECOGNIZED_MESSAGE", msg: `unrecognized channel:${channel.slice(0, 60)}` };
    }
    return listingOf(contractId, this.#venue) === undefined
      ? { code: "INVALID_CONTRACT_ID", msg: `invalid contractId:${contractId.slice(0, 40)}` }
      : undefined;
  }

  subscribe(channel: string, send: (text: string) => void): void {
    const subscribers = this.#subscribers.get(channel) ?? new Set();
    this.#subscribers.set(channel, subscribers);
    subscribers.add(send);
    const row = this.#first(channel);
    if (row !== undefined) send(frame(channel, "Snapshot", row));
  }

  unsubscribe(channel: string, send: (text: string) => void): void {
    this.#subscribers.get(channel)?.delete(send);
  }

  /** A row of `getDepth`. */
  depthRow(one: EdgexListing, levels: number): Row {
    const window = this.#windows.find((found) => found.one === one && found.levels === levels);
    const { asks, bids } = this.#venue.book(one.simulated.symbol, levels);
    const version = window?.version ?? 0;
    return depth(one, levels, "SNAPSHOT", version, version, asMap(bids), asMap(asks));
  }

  /** A row of `getTicker`. */
  tickerRow(one: EdgexListing): Row {
    const { symbol } = one.simulated;
    const { asks: [ask], bids: [bid] } = this.#venue.book(symbol, 1);
    const mark = this.#venue.mark(symbol);
    const [last] = this.#venue.recentTrades(symbol, 1);
    const price = (value: number): string => value.toFixed(one.tick.decimals);
    const lastPrice = last === undefined ? price(mark.markPrice) : priceText(last.priceTicks, one);
    const intervalMs = one.simulated.fundingIntervalHours * 3_600_000;
    return {
      contractId: one.contractId,
      contractName: one.contractName,
      priceChange: "0",
      priceChangePercent: "0",
      trades: "0",
      size: "0",
      value: "0",
      high: lastPrice,
      low: lastPrice,
      open: lastPrice,
      close: lastPrice,
      highTime: "0",
      lowTime: "0",
      startTime: "0",
      endTime: "0",
      lastPrice,
      indexPrice: price(mark.indexPrice),
      oraclePrice: price(mark.markPrice),
      markPrice: price(mark.markPrice),
      openInterest: "0",
      fundingRate: mark.fundingRate.toFixed(8),
      fundingTime: timeText(mark.tsNextFundingMs - intervalMs),
      nextFundingTime: timeText(mark.tsNextFundingMs),
      bestAskPrice: ask === undefined ? "" : priceText(ask.priceTicks, one),
      bestBidPrice: bid === undefined ? "" : priceText(bid.priceTicks, one),
      marketOpen: true,
    };
  }

  #repeat(): void {
    let cancel = (): void => {};
    const plan = (): void => {
      cancel = this.#venue.clock.schedule(flushMs, () => {
        this.#flush();
        plan();
      });
    };
    plan();
    this.#stops.push(() => cancel());
  }

  #first(channel: string): Row | undefined {
    if (channel === "metadata") return metadata(this.#venue);
    const [kind, contractId = ""] = channel.split(".");
    const one = listingOf(contractId, this.#venue);
    if (one === undefined) return undefined;
    if (kind === "ticker") return this.tickerRow(one);
    const window = this.#windows.find((found) => found.channel === channel);
    if (window === undefined) return undefined;
    // What is not flushed yet is in the snapshot: the first change must not repeat it.
    this.#flushWindow(window);
    return depth(one, window.levels, "SNAPSHOT", window.version, window.version, window.bids, window.asks);
  }

  #onEvent(event: SimulatedEvent): void {
    switch (event.kind) {
      case "book":
        this.#changedBooks.add(event.symbol);
        this.#changedTickers.add(event.symbol);
        return;
      case "mark":
        this.#changedTickers.add(event.mark.symbol);
        return;
      case "trade": {
        const { priceTicks, sizeLots, symbol, takerSide, tradeId, tsMs } = event.trade;
        const one = listingOfSymbol(symbol);
        return this.#push(`trades.${one.contractId}`, "Changed", {
          ticketId: tradeId,
          time: timeText(tsMs),
          price: priceText(priceTicks, one),
          size: sizeText(sizeLots, one),
          value: "0",
          takerOrderId: "0",
          makerOrderId: "0",
          takerAccountId: "0",
          makerAccountId: "0",
          contractId: one.contractId,
          contractName: one.contractName,
          isBestMatch: true,
          isBuyerMaker: takerSide === "sell",
        });
      }
      case "maintenance":
        return this.#push("metadata", "Changed", metadata(this.#venue));
      default:
        return; // the account's
    }
  }

  #push(channel: string, dataType: "Snapshot" | "Changed", row: Row): void {
    const subscribers = this.#subscribers.get(channel);
    if (subscribers === undefined || subscribers.size === 0) return;
    const text = frame(channel, dataType, row);
    for (const send of subscribers) send(text);
  }

  #flush(): void {
    for (const window of this.#windows) {
      if (this.#changedBooks.has(window.one.simulated.symbol)) this.#flushWindow(window);
    }
    this.#changedBooks.clear();
    for (const symbol of this.#changedTickers) {
      const one = listingOfSymbol(symbol);
      if (this.#isRead(`ticker.${one.contractId}`)) {
        this.#push(`ticker.${one.contractId}`, "Changed", this.tickerRow(one));
      }
    }
    this.#changedTickers.clear();
  }

  #isRead(channel: string): boolean {
    return (this.#subscribers.get(channel)?.size ?? 0) > 0;
  }

  /** Sends what changed in a window since it was last told; a level that leaves it is told as gone. */
  #flushWindow(window: Window): void {
    if (!this.#isRead(window.channel)) return;
    const { asks, bids } = this.#venue.book(window.one.simulated.symbol, window.levels);
    const newBids = asMap(bids);
    const newAsks = asMap(asks);
    const changedBids = changes(window.bids, newBids);
    const changedAsks = changes(window.asks, newAsks);
    const count = changedBids.size + changedAsks.size;
    if (count === 0) return;
    const startVersion = window.version + 1;
    // One version for each change, as the venue's own example has two for three levels.
    window.version += Math.ceil(count / 2);
    window.bids = newBids;
    window.asks = newAsks;
    if (this.#faults.isPublicGap()) return;
    const { one, levels, version } = window;
    this.#push(
      window.channel,
      "Changed",
      depth(one, levels, "CHANGED", startVersion, version, changedBids, changedAsks),
    );
  }
}

const asMap = (levels: readonly { readonly priceTicks: number; readonly sizeLots: number }[]) =>
  new Map(levels.map(({ priceTicks, sizeLots }) => [priceTicks, sizeLots] as const));

/** Levels that differ, with 0 for those that are gone. */
function changes(
  before: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
): ReadonlyMap<number, number> {
  const changed = new Map([...after].filter(([price, size]) => before.get(price) !== size));
  for (const price of before.keys()) if (!after.has(price)) changed.set(price, 0);
  return changed;
}

function depth(
  one: EdgexListing,
  level: number,
  depthType: "SNAPSHOT" | "CHANGED",
  startVersion: number,
  endVersion: number,
  bids: ReadonlyMap<number, number>,
  asks: ReadonlyMap<number, number>,
): Row {
  const rows = (levels: ReadonlyMap<number, number>) =>
    [...levels].map(([ticks, lots]) => [priceText(ticks, one), sizeText(lots, one)]);
  return {
    startVersion: String(startVersion),
    endVersion: String(endVersion),
    level,
    contractId: one.contractId,
    contractName: one.contractName,
    asks: rows(asks),
    bids: rows(bids),
    depthType,
  };
}

const frame = (channel: string, dataType: "Snapshot" | "Changed", row: Row): string =>
  JSON.stringify({ type: "payload", channel, content: { dataType, channel, data: [row] } });
