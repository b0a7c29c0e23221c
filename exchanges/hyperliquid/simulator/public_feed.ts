/**
 * Public channels of the simulated Hyperliquid, in its rhythm: best bid and offer and trades once a block where they
 * changed, books as whole snapshots on two clocks, contexts once a second. There are no deltas and no sequences.
 */
import type { Faults } from "../../simulation/faults.ts";
import type { SimulatedEvent, SimulatedTrade, SimulatedVenue } from "../../simulation/ports.ts";
import { isTraded, listingByCoin, listingBySymbol, listings, priceText, sizeText } from "./listing.ts";
import { bookRow, contextRow, levelRow, type Row, wholeMs } from "./rows.ts";

export interface PublicSubscription {
  readonly type: "bbo" | "l2Book" | "trades" | "activeAssetCtx" | "allMids";
  /** Empty where the channel has none. */
  readonly coin: string;
  readonly isFast: boolean;
}

/** As observed in autumn 2026. */
const blockMs = 70;
const fastBookMs = 540;
const slowBookMs = 5_400;
const contextMs = 1_000;
const midsMs = 5_000;
const fastDepth = 5;
const slowDepth = 20;
const historyMs = 20_000;

const keyOf = ({ type, coin, isFast }: PublicSubscription): string => `${type}/${coin}/${isFast}`;
const frame = (channel: string, data: unknown): string => JSON.stringify({ channel, data });

export class PublicFeed {
  readonly #venue: SimulatedVenue;
  readonly #faults: Faults;
  readonly #mids: () => Row;
  readonly #stops: (() => void)[] = [];
  readonly #subscribers = new Map<string, Set<(text: string) => void>>();
  readonly #dirty = new Set<string>();
  readonly #lastTop = new Map<string, string>();
  readonly #trades = new Map<string, SimulatedTrade[]>();

  constructor(venue: SimulatedVenue, faults: Faults, mids: () => Row) {
    this.#venue = venue;
    this.#faults = faults;
    this.#mids = mids;
    this.#stops.push(venue.subscribe((event) => this.#onEvent(event)));
    this.#repeat(blockMs, () => this.#block());
    this.#repeat(fastBookMs, () => this.#books(true));
    this.#repeat(slowBookMs, () => this.#books(false));
    this.#repeat(contextMs, () => this.#contexts());
    this.#repeat(
      midsMs,
      () => this.#push({ type: "allMids", coin: "", isFast: false }, () => this.#midsFrame()),
    );
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  subscribe(subscription: PublicSubscription, send: (text: string) => void): void {
    const subscribers = this.#subscribers.get(keyOf(subscription)) ?? new Set();
    this.#subscribers.set(keyOf(subscription), subscribers);
    subscribers.add(send);
    const first = this.#first(subscription);
    if (first !== undefined) send(first);
  }

  unsubscribe(subscription: PublicSubscription, send: (text: string) => void): void {
    this.#subscribers.get(keyOf(subscription))?.delete(send);
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

  #push(subscription: PublicSubscription, make: () => string): void {
    const subscribers = this.#subscribers.get(keyOf(subscription));
    if (subscribers === undefined || subscribers.size === 0) return;
    const text = make();
    for (const send of subscribers) send(text);
  }

  /** What a new subscriber gets at once; delisted coins have empty books and no more. */
  #first(subscription: PublicSubscription): string | undefined {
    const { type, coin, isFast } = subscription;
    if (type === "allMids") return this.#midsFrame();
    const one = listingByCoin(coin);
    if (one === undefined || !isTraded(one, this.#venue)) {
      const time = wholeMs(this.#venue.clock.nowMs());
      return type === "l2Book" ? frame("l2Book", { coin, time, levels: [[], []] }) : undefined;
    }
    switch (type) {
      case "bbo":
        return this.#topFrame(coin);
      case "l2Book":
        return frame("l2Book", bookRow(one, this.#venue, isFast ? fastDepth : slowDepth));
      case "activeAssetCtx":
        return frame("activeAssetCtx", { coin, ctx: contextRow(one, this.#venue) });
      case "trades": {
        const sinceMs = this.#venue.clock.nowMs() - historyMs;
        const recent = this.#venue.recentTrades(one.simulated.symbol, 100).filter(({ tsMs }) =>
          tsMs >= sinceMs
        );
        return recent.length === 0 ? undefined : frame("trades", recent.map(tradeRow));
      }
      default:
        return type satisfies never;
    }
  }

  #topFrame(coin: string): string | undefined {
    const one = listingByCoin(coin);
    if (one === undefined) return undefined;
    const { bids: [bid], asks: [ask], tsMs } = this.#venue.book(one.simulated.symbol, 1);
    const level = (found: typeof bid) => found === undefined ? null : levelRow(found, one);
    return frame("bbo", { coin, time: wholeMs(tsMs), bbo: [level(bid), level(ask)] });
  }

  #midsFrame(): string {
    return frame("allMids", { mids: this.#mids() });
  }

  #onEvent(event: SimulatedEvent): void {
    if (event.kind === "book") this.#dirty.add(event.symbol);
    if (event.kind === "trade") {
      const trades = this.#trades.get(event.trade.symbol) ?? [];
      this.#trades.set(event.trade.symbol, trades);
      trades.push(event.trade);
    }
  }

  #block(): void {
    for (const symbol of this.#dirty) this.#pushTop(symbol);
    this.#dirty.clear();
    for (const [symbol, trades] of this.#trades) {
      const { coin } = listingBySymbol(symbol);
      this.#push({ type: "trades", coin, isFast: false }, () => frame("trades", trades.map(tradeRow)));
    }
    this.#trades.clear();
  }

  #pushTop(symbol: string): void {
    const { coin } = listingBySymbol(symbol);
    const { bids, asks } = this.#venue.book(symbol, 1);
    const top = JSON.stringify([bids, asks]);
    if (top === this.#lastTop.get(symbol)) return; // an unchanged one is never repeated
    this.#lastTop.set(symbol, top);
    if (this.#faults.isPublicGap()) return;
    this.#push({ type: "bbo", coin, isFast: false }, () => this.#topFrame(coin) ?? "");
  }

  #books(isFast: boolean): void {
    for (const one of listings) {
      if (!isTraded(one, this.#venue)) continue;
      this.#push(
        { type: "l2Book", coin: one.coin, isFast },
        () => frame("l2Book", bookRow(one, this.#venue, isFast ? fastDepth : slowDepth)),
      );
    }
  }

  #contexts(): void {
    for (const one of listings) {
      if (!isTraded(one, this.#venue)) continue;
      const { coin } = one;
      this.#push(
        { type: "activeAssetCtx", coin, isFast: false },
        () => frame("activeAssetCtx", { coin, ctx: contextRow(one, this.#venue) }),
      );
    }
  }
}

function tradeRow(trade: SimulatedTrade): Row {
  const one = listingBySymbol(trade.symbol);
  return {
    coin: one.coin,
    side: trade.takerSide === "buy" ? "B" : "A",
    px: priceText(trade.priceTicks, one),
    sz: sizeText(trade.sizeLots, one),
    time: wholeMs(trade.tsMs),
    hash: `0x${"0".repeat(64)}`,
    tid: Number(trade.tradeId),
    users: [`0x${"0".repeat(40)}`, `0x${"0".repeat(40)}`],
  };
}
