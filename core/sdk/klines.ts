/**
 * Klines (candlesticks) from trades: one builder per instrument and interval. It keeps a bounded history of closed bars
 * and the bar that is under way.
 *
 * Rules, as the field has them: a bar opens at a whole multiple of its interval since the epoch (UTC) and closes one
 * millisecond before the next; its first trade by time is the open, its last the close; an interval without a trade gets
 * a bar whose four prices are the close before it and whose volume is 0, as long as any bar came before.
 */
import { BerthError } from "../errors.ts";
import { intervalMs, type Kline, type KlineInterval } from "../model/market.ts";
import type { Side } from "../model/order.ts";

/** What a builder makes bars of: intervals that start at whole multiples of themselves since the epoch. */
export type KlineBuilderInterval = Extract<
  KlineInterval,
  "1m" | "5m" | "15m" | "30m" | "1h" | "2h" | "4h" | "1d"
>;

/** One bar. Volumes in base units and in the quote asset; taker volumes are those of buyers who took. */
export interface Candle {
  readonly openTimeMs: number;
  /** The bar's last millisecond. */
  readonly closeTimeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volumeBase: number;
  readonly volumeQuote: number;
  readonly tradeCount: number;
  readonly takerBuyVolumeBase: number;
  readonly takerBuyVolumeQuote: number;
  readonly isClosed: boolean;
}

/** What a builder needs of a trade; the SDK's Trade has it. */
export interface KlineTrade {
  readonly takerSide: Side;
  readonly price: number;
  readonly sizeBase: number;
  readonly tsVenueMs: number;
}

/**
 * Binance's array of one kline: open time, open, high, low, close, volume, close time, quote volume, number of trades,
 * taker buy base volume, taker buy quote volume, unused. Prices and volumes are decimal text.
 */
export type BinanceKline = readonly [
  openTimeMs: number,
  open: string,
  high: string,
  low: string,
  close: string,
  volume: string,
  closeTimeMs: number,
  quoteVolume: string,
  tradeCount: number,
  takerBuyBase: string,
  takerBuyQuote: string,
  unused: "0",
];

export interface KlineBuilderOptions {
  readonly interval: KlineBuilderInterval;
  /** Closed bars that are kept, at least 1. Default 500. */
  readonly historyLength?: number;
}

/** The bar under way: changed in place by each trade, copied when it is handed out. */
interface OpenBar {
  openTimeMs: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volumeBase: number;
  volumeQuote: number;
  tradeCount: number;
  takerBuyVolumeBase: number;
  takerBuyVolumeQuote: number;
  /** Venue times of the trades that gave open and close: trades may arrive out of order. */
  tsFirstMs: number;
  tsLastMs: number;
  /** No trade yet: the first one sets all four prices. */
  isEmpty: boolean;
}

const maxFilledBars = 10_000;

/** Builds the klines of one instrument and interval. */
export class KlineBuilder {
  readonly interval: KlineBuilderInterval;
  readonly #lengthMs: number;
  readonly #historyLength: number;
  readonly #closed: Candle[] = [];
  #bar: OpenBar | undefined;
  #seededUpToMs = -Infinity;
  #lateTrades = 0;
  #builtCount = 0;

  /** @throws {BerthError} MODEL_OUT_OF_RANGE for a history of no bars */
  constructor(options: KlineBuilderOptions) {
    const historyLength = options.historyLength ?? 500;
    if (!Number.isInteger(historyLength) || historyLength < 1 || historyLength > 1_000_000) {
      throw new BerthError("MODEL_OUT_OF_RANGE", {
        what: "kline history length",
        value: String(historyLength),
        range: "1 to 1,000,000 bars",
      });
    }
    this.interval = options.interval;
    this.#lengthMs = intervalMs(options.interval);
    this.#historyLength = historyLength;
  }

  /** Trades that came after their bar was closed; a closed bar does not change any more. */
  get lateTrades(): number {
    return this.#lateTrades;
  }

  /** Bars that were closed since the start, of the past from the venue left out: `ctx.gauge("klines", …)` shows their rate. */
  get builtCount(): number {
    return this.#builtCount;
  }

  /** Closed bars in the history. */
  get count(): number {
    return this.#closed.length;
  }

  /**
   * Takes bars that the venue's REST API gave, oldest first; the last may be under way. Trades up to `upToMs` (the venue's
   * time of that answer) are in them already and are left out afterwards. Their quote volume is estimated from the mean of
   * the four prices. Replaces what was built before.
   */
  seed(bars: readonly Kline[], upToMs: number): void {
    this.#closed.length = 0;
    this.#bar = undefined;
    this.#seededUpToMs = upToMs;
    const builtCount = this.#builtCount;
    for (const bar of bars) {
      const openTimeMs = this.#openTimeOf(bar.tsOpenMs);
      this.#closeUpTo(openTimeMs);
      this.#bar = seededBar(openTimeMs, bar);
    }
    this.advanceTo(upToMs);
    this.#builtCount = builtCount;
  }

  /** Adds a trade; trades whose price or size is no positive number are left out. */
  processTrade(trade: KlineTrade): void {
    const { price, sizeBase, tsVenueMs } = trade;
    if (!(price > 0 && price < Infinity && sizeBase > 0 && sizeBase < Infinity)) return;
    if (!Number.isFinite(tsVenueMs) || tsVenueMs <= this.#seededUpToMs) return;
    const openTimeMs = this.#openTimeOf(tsVenueMs);
    this.#closeUpTo(openTimeMs);
    const bar = this.#bar;
    if (bar !== undefined && openTimeMs < bar.openTimeMs) {
      this.#lateTrades++;
      return;
    }
    if (bar === undefined || bar.isEmpty) this.#bar = startedBar(openTimeMs, trade);
    else addTrade(bar, trade);
  }

  /** Closes what is over at this time; intervals without a trade get their bar. Call it by a timer. */
  advanceTo(tsMs: number): void {
    if (Number.isFinite(tsMs)) this.#closeUpTo(this.#openTimeOf(tsMs));
  }

  /** Closed bars, oldest first, at most `limit` of the newest; with the bar under way as the last, if it is asked for. */
  getKlines(options: { readonly limit?: number; readonly includeCurrent?: boolean } = {}): readonly Candle[] {
    const current = options.includeCurrent === true ? this.getCurrentKline() : undefined;
    const all = current === undefined ? this.#closed : [...this.#closed, current];
    return options.limit === undefined ? [...all] : all.slice(Math.max(0, all.length - options.limit));
  }

  /** The bar under way, as it is now; undefined before the first trade. */
  getCurrentKline(): Candle | undefined {
    return this.#bar === undefined ? undefined : candleOf(this.#bar, this.#lengthMs, false);
  }

  /** The newest closed bar. */
  getLastClosed(): Candle | undefined {
    return this.#closed.at(-1);
  }

  /** Whether the history has this many closed bars. */
  hasEnoughData(bars: number): boolean {
    return this.#closed.length >= bars;
  }

  /** As Binance's `GET /api/v3/klines` answers: closed bars and, as the last, the one under way. */
  toBinance(limit?: number): readonly BinanceKline[] {
    return this.getKlines({ includeCurrent: true, ...(limit === undefined ? {} : { limit }) }).map(
      binanceKline,
    );
  }

  #openTimeOf(tsMs: number): number {
    return Math.floor(tsMs / this.#lengthMs) * this.#lengthMs;
  }

  /** Closes bars until the one under way opens at `openTimeMs` or later. */
  #closeUpTo(openTimeMs: number): void {
    const bar = this.#bar;
    if (bar === undefined || openTimeMs <= bar.openTimeMs) return;
    this.#keep(candleOf(bar, this.#lengthMs, true));
    const { close } = bar;
    const gaps = (openTimeMs - bar.openTimeMs) / this.#lengthMs - 1;
    // After a very long silence only the newest bars would survive in the history anyway.
    const filled = Math.min(gaps, this.#historyLength, maxFilledBars);
    for (let back = filled; back >= 1; back--) {
      this.#keep(candleOf(emptyBar(openTimeMs - back * this.#lengthMs, close), this.#lengthMs, true));
    }
    this.#bar = emptyBar(openTimeMs, close);
  }

  #keep(candle: Candle): void {
    this.#closed.push(candle);
    this.#builtCount += 1;
    if (this.#closed.length > this.#historyLength) this.#closed.shift();
  }
}

function emptyBar(openTimeMs: number, price: number): OpenBar {
  return {
    openTimeMs,
    open: price,
    high: price,
    low: price,
    close: price,
    volumeBase: 0,
    volumeQuote: 0,
    tradeCount: 0,
    takerBuyVolumeBase: 0,
    takerBuyVolumeQuote: 0,
    tsFirstMs: openTimeMs,
    tsLastMs: openTimeMs,
    isEmpty: true,
  };
}

/** What a venue's bar does not state (trades, takers, a volume) counts as none. */
function seededBar(openTimeMs: number, bar: Kline): OpenBar {
  const volumeBase = bar.volumeBase > 0 ? bar.volumeBase : 0;
  const meanPrice = (bar.openPrice + bar.highPrice + bar.lowPrice + bar.closePrice) / 4;
  return {
    ...emptyBar(openTimeMs, bar.openPrice),
    high: bar.highPrice,
    low: bar.lowPrice,
    close: bar.closePrice,
    volumeBase,
    volumeQuote: volumeBase * meanPrice,
    isEmpty: false,
  };
}

function startedBar(openTimeMs: number, trade: KlineTrade): OpenBar {
  const bar = emptyBar(openTimeMs, trade.price);
  bar.tsFirstMs = trade.tsVenueMs;
  bar.tsLastMs = trade.tsVenueMs;
  bar.isEmpty = false;
  addVolume(bar, trade);
  return bar;
}

function addTrade(bar: OpenBar, trade: KlineTrade): void {
  const { price, tsVenueMs } = trade;
  if (price > bar.high) bar.high = price;
  if (price < bar.low) bar.low = price;
  if (tsVenueMs < bar.tsFirstMs) {
    bar.open = price;
    bar.tsFirstMs = tsVenueMs;
  }
  if (tsVenueMs >= bar.tsLastMs) {
    bar.close = price;
    bar.tsLastMs = tsVenueMs;
  }
  addVolume(bar, trade);
}

function addVolume(bar: OpenBar, { takerSide, price, sizeBase }: KlineTrade): void {
  bar.volumeBase += sizeBase;
  bar.volumeQuote += sizeBase * price;
  bar.tradeCount++;
  if (takerSide !== "buy") return;
  bar.takerBuyVolumeBase += sizeBase;
  bar.takerBuyVolumeQuote += sizeBase * price;
}

function candleOf(bar: OpenBar, lengthMs: number, isClosed: boolean): Candle {
  return {
    openTimeMs: bar.openTimeMs,
    closeTimeMs: bar.openTimeMs + lengthMs - 1,
    open: bar.open,
    high: bar.high,
    low: bar.low,
    close: bar.close,
    volumeBase: bar.volumeBase,
    volumeQuote: bar.volumeQuote,
    tradeCount: bar.tradeCount,
    takerBuyVolumeBase: bar.takerBuyVolumeBase,
    takerBuyVolumeQuote: bar.takerBuyVolumeQuote,
    isClosed,
  };
}

/** Decimal text without exponent and without the noise of summed floats. */
function decimalText(value: number): string {
  const text = value.toPrecision(15);
  const plain = /e/.test(text) ? Number(text).toFixed(18) : text;
  return plain.includes(".") ? plain.replace(/\.?0+$/, "") : plain;
}

const binanceKline = (candle: Candle): BinanceKline => [
  candle.openTimeMs,
  decimalText(candle.open),
  decimalText(candle.high),
  decimalText(candle.low),
  decimalText(candle.close),
  decimalText(candle.volumeBase),
  candle.closeTimeMs,
  decimalText(candle.volumeQuote),
  candle.tradeCount,
  decimalText(candle.takerBuyVolumeBase),
  decimalText(candle.takerBuyVolumeQuote),
  "0",
];
