/**
 * The public channels in binary (paradex.md, 5.4): a frame is encoded once per schema version and handed to everybody
 * who subscribed to its channel.
 */
import type { Faults } from "../../simulation/faults.ts";
import type {
  SimulatedEvent,
  SimulatedLevel,
  SimulatedMark,
  SimulatedVenue,
} from "../../simulation/ports.ts";
import { listed, listingOf, listingOfSymbol, type ParadexListing } from "./listing.ts";
import {
  encodeBbo,
  encodeBook,
  encodeFundingData,
  encodeMarketSummary,
  encodeTrade,
  type SbeLevel,
  type SbeVersion,
  scaled,
  scaledFloat,
} from "./sbe_encoder.ts";

export interface PublicSubscriber {
  readonly version: SbeVersion;
  readonly send: (frame: Uint8Array<ArrayBuffer>) => void;
}

/** How a channel name was understood. */
export type PublicChannel =
  | {
    readonly kind: "bbo" | "trades" | "book_deltas" | "summary" | "funding";
    readonly market: string | undefined;
  }
  | { readonly kind: "book_snapshots"; readonly market: string; readonly everyMs: 50 | 100 };

/** Understands a channel name, or undefined when the venue refuses it as invalid. */
export function parsePublicChannel(name: string, venue: SimulatedVenue): PublicChannel | undefined {
  const [topic = "", market, third, ...rest] = name.split(".");
  const isKnown = market !== undefined && (market === "ALL" || listingOf(venue, market) !== undefined);
  const one = market === "ALL" ? undefined : market;
  if (topic === "order_book" && isKnown && one !== undefined && rest.length === 0) {
    // No retail-only orders rest here: the interactive channels bring what the others do.
    if (third === "deltas" || third === "interactive_deltas") return { kind: "book_deltas", market: one };
    const match = /^snapshot@15@(50|100)ms$/.exec(third ?? "") ??
      /^interactive@15@(100)ms$/.exec(third ?? "");
    return match === null
      ? undefined
      : { kind: "book_snapshots", market: one, everyMs: match[1] === "50" ? 50 : 100 };
  }
  if (topic === "bbo" && third === "interactive" && isKnown && rest.length === 0) {
    return { kind: "bbo", market: one };
  }
  if (third !== undefined) return undefined;
  if (topic === "bbo" && isKnown) return { kind: "bbo", market: one };
  if (topic === "trades" && isKnown) return { kind: "trades", market: one };
  if (topic === "markets_summary" && (market === undefined || isKnown)) {
    return { kind: "summary", market: one };
  }
  return topic === "funding_data" && isKnown && one !== undefined
    ? { kind: "funding", market: one }
    : undefined;
}

/** The venue's own rate changes each second; so much is kept here. */
const fundingEveryMs = 60_000;
const maxFundingKept = 1_440;

const usOf = (ms: number): bigint => BigInt(Math.round(ms)) * 1_000n;

export class PublicFeed {
  readonly #venue: SimulatedVenue;
  readonly #faults: Faults;
  readonly #subscribers = new Map<string, Set<PublicSubscriber>>();
  readonly #fundingKept = new Map<string, SimulatedMark[]>();
  readonly #tops = new Map<string, string>();
  readonly #stops: (() => void)[] = [];
  #isStopped = false;

  constructor(venue: SimulatedVenue, faults: Faults) {
    this.#venue = venue;
    this.#faults = faults;
    this.#stops.push(venue.subscribe((event) => this.#onEvent(event)));
    this.#repeat(50, () => this.#snapshots(50));
    this.#repeat(100, () => this.#snapshots(100));
  }

  stop(): void {
    this.#isStopped = true;
    for (const stop of this.#stops) stop();
  }

  subscribe(channel: PublicChannel, subscriber: PublicSubscriber): void {
    const key = keyOf(channel);
    const subscribers = this.#subscribers.get(key) ?? new Set();
    this.#subscribers.set(key, subscribers);
    subscribers.add(subscriber);
    for (
      const one of channel.market === undefined
        ? listed(this.#venue)
        : [listingOf(this.#venue, channel.market)]
    ) {
      const encode = one === undefined ? undefined : this.#initial(channel, one);
      if (encode !== undefined) subscriber.send(encode(subscriber.version));
    }
  }

  unsubscribe(channel: PublicChannel, subscriber: PublicSubscriber): void {
    this.#subscribers.get(keyOf(channel))?.delete(subscriber);
  }

  #initial(
    channel: PublicChannel,
    one: ParadexListing,
  ): ((version: SbeVersion) => Uint8Array<ArrayBuffer>) | undefined {
    switch (channel.kind) {
      case "bbo":
        return this.#bbo(one);
      case "book_deltas":
      case "book_snapshots":
        return this.#bookSnapshot(one, channel.kind === "book_deltas" ? 1_000 : 15);
      case "summary":
        return this.#summary(one);
      case "funding":
        return this.#funding(one);
      case "trades":
        return undefined;
      default:
        return channel satisfies never;
    }
  }

  #repeat(everyMs: number, task: () => void): void {
    this.#venue.clock.schedule(everyMs, () => {
      if (this.#isStopped) return;
      task();
      this.#repeat(everyMs, task);
    });
  }

  /** What the funding rate was, once a minute, oldest first. */
  fundingHistory(symbol: string): readonly SimulatedMark[] {
    return this.#fundingKept.get(symbol) ?? [];
  }

  #keepFunding(mark: SimulatedMark): void {
    const kept = this.#fundingKept.get(mark.symbol) ?? [];
    this.#fundingKept.set(mark.symbol, kept);
    if (mark.tsMs - (kept.at(-1)?.tsMs ?? -Infinity) < fundingEveryMs) return;
    kept.push(mark);
    if (kept.length > maxFundingKept) kept.shift();
  }

  #publish(keys: readonly string[], encode: (version: SbeVersion) => Uint8Array<ArrayBuffer>): void {
    const encoded = new Map<SbeVersion, Uint8Array<ArrayBuffer>>();
    for (const key of keys) {
      for (const { version, send } of this.#subscribers.get(key) ?? []) {
        const frame = encoded.get(version) ?? encode(version);
        encoded.set(version, frame);
        send(frame);
      }
    }
  }

  #has(...keys: readonly string[]): boolean {
    return keys.some((key) => (this.#subscribers.get(key)?.size ?? 0) > 0);
  }

  #onEvent(event: SimulatedEvent): void {
    if (event.kind === "book") this.#onBook(event);
    if (event.kind === "trade") {
      const { symbol, tradeId, takerSide, priceTicks, sizeLots, tsMs } = event.trade;
      const one = listingOfSymbol(symbol);
      const keys = [`trades/${one.market}`, "trades/ALL"];
      if (!this.#has(...keys)) return;
      const { price, size } = this.#level({ priceTicks, sizeLots }, one);
      this.#publish(keys, (version) =>
        encodeTrade(version, {
          tsUs: usOf(tsMs),
          seq: BigInt(this.#venue.book(symbol, 0).sequence),
          tradeId: `${tradeId}201703994001`,
          side: takerSide,
          price,
          size,
          createdUs: usOf(tsMs),
          market: one.market,
        }));
    }
    if (event.kind === "mark") {
      this.#keepFunding(event.mark);
      const one = listingOfSymbol(event.mark.symbol);
      this.#publish([`summary/${one.market}`, "summary/ALL"], this.#summary(one));
      this.#publish([`funding/${one.market}`], this.#funding(one));
    }
  }

  #onBook(event: Extract<SimulatedEvent, { readonly kind: "book" }>): void {
    const one = listingOfSymbol(event.symbol);
    const deltas = `book_deltas/${one.market}`;
    if (this.#has(deltas) && !this.#faults.isPublicGap()) {
      const bids = event.changedBids.map((level) => this.#level(level, one));
      const asks = event.changedAsks.map((level) => this.#level(level, one));
      const { sequence, tsMs } = event;
      this.#publish(
        [deltas],
        (version) =>
          encodeBook(version, {
            tsUs: usOf(tsMs),
            seq: BigInt(sequence),
            isSnapshot: false,
            bids,
            asks,
            market: one.market,
          }),
      );
    }
    const keys = [`bbo/${one.market}`, "bbo/ALL"];
    if (!this.#has(...keys)) return;
    const { bids, asks } = this.#venue.book(event.symbol, 1);
    const top = `${bids[0]?.priceTicks}/${bids[0]?.sizeLots}/${asks[0]?.priceTicks}/${asks[0]?.sizeLots}`;
    if (this.#tops.get(event.symbol) === top) return;
    this.#tops.set(event.symbol, top);
    this.#publish(keys, this.#bbo(one));
  }

  #snapshots(everyMs: 50 | 100): void {
    for (const one of listed(this.#venue)) {
      const key = `book_snapshots_${everyMs}/${one.market}`;
      if (this.#has(key)) this.#publish([key], this.#bookSnapshot(one, 15));
    }
  }

  #level(level: SimulatedLevel, one: ParadexListing): SbeLevel {
    return { price: scaled(level.priceTicks, one.tick), size: scaled(level.sizeLots, one.lot) };
  }

  #bbo(one: ParadexListing): (version: SbeVersion) => Uint8Array<ArrayBuffer> {
    const { bids: [bid], asks: [ask], sequence, tsMs } = this.#venue.book(one.simulated.symbol, 1);
    const bbo = {
      tsUs: usOf(tsMs),
      seq: BigInt(sequence),
      bid: bid === undefined ? undefined : this.#level(bid, one),
      ask: ask === undefined ? undefined : this.#level(ask, one),
      market: one.market,
    };
    return (version) => encodeBbo(version, bbo);
  }

  #bookSnapshot(one: ParadexListing, depth: number): (version: SbeVersion) => Uint8Array<ArrayBuffer> {
    const { bids, asks, sequence, tsMs } = this.#venue.book(one.simulated.symbol, depth);
    const book = {
      tsUs: usOf(tsMs),
      seq: BigInt(sequence),
      isSnapshot: true,
      bids: bids.map((level) => this.#level(level, one)),
      asks: asks.map((level) => this.#level(level, one)),
      market: one.market,
    };
    return (version) => encodeBook(version, book);
  }

  #summary(one: ParadexListing): (version: SbeVersion) => Uint8Array<ArrayBuffer> {
    const { symbol } = one.simulated;
    const mark = this.#venue.mark(symbol);
    const { bids: [bid], asks: [ask] } = this.#venue.book(symbol, 1);
    const last = this.#venue.recentTrades(symbol, 1)[0];
    const summary = {
      tsUs: usOf(mark.tsMs),
      markPrice: scaledFloat(mark.markPrice),
      indexPrice: scaledFloat(mark.indexPrice),
      lastPrice: last === undefined ? 0n : scaled(last.priceTicks, one.tick),
      fundingRate: BigInt(Math.trunc(mark.fundingRate * 1e8)),
      fundingRateE12: BigInt(Math.round(mark.fundingRate * 1e12)),
      bid: bid === undefined ? undefined : this.#level(bid, one),
      ask: ask === undefined ? undefined : this.#level(ask, one),
      market: one.market,
    };
    return (version) => encodeMarketSummary(version, summary);
  }

  #funding(one: ParadexListing): (version: SbeVersion) => Uint8Array<ArrayBuffer> {
    const mark = this.#venue.mark(one.simulated.symbol);
    const funding = {
      tsUs: usOf(mark.tsMs),
      fundingRate: scaledFloat(mark.fundingRate),
      fundingIndex: 0n,
      fundingPremium: scaledFloat(mark.markPrice - mark.indexPrice),
      periodHours: one.simulated.fundingIntervalHours,
      market: one.market,
    };
    return (version) => encodeFundingData(version, funding);
  }
}

function keyOf(channel: PublicChannel): string {
  const kind = channel.kind === "book_snapshots" ? `book_snapshots_${channel.everyMs}` : channel.kind;
  return `${kind}/${channel.market ?? "ALL"}`;
}
