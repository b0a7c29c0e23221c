/** One instrument's bars and indicators on the signal's and the trend's interval. */
import { type History, type InstrumentId, intervalMs } from "@berth/sdk";
import { EMA } from "@berth/sdk/indicators";
import { type Candle, KlineBuilder, type KlineBuilderInterval, type KlineTrade } from "@berth/sdk/klines";
import { type Pattern, patternsOf } from "./patterns.ts";
import { type IndicatorPeriods, IndicatorSet, type Readings } from "./readings.ts";
import type { Trend } from "./signal.ts";

export interface WatchSettings extends IndicatorPeriods {
  readonly interval: KlineBuilderInterval;
  readonly trendInterval: KlineBuilderInterval;
  readonly historyBars: number;
}

/** The averages of the trend's interval within this of each other are no trend, in bps. */
const flatBps = 2;
const patternBars = 3;

export class MarketWatch {
  readonly #settings: WatchSettings;
  readonly #bars: KlineBuilder;
  readonly #trendBars: KlineBuilder;
  #indicators: IndicatorSet;
  #trendFast: EMA;
  #trendSlow: EMA;
  #readToMs = -Infinity;
  #trendReadToMs = -Infinity;

  constructor(settings: WatchSettings) {
    this.#settings = settings;
    const historyLength = settings.historyBars;
    this.#bars = new KlineBuilder({ interval: settings.interval, historyLength });
    this.#trendBars = new KlineBuilder({ interval: settings.trendInterval, historyLength });
    this.#indicators = new IndicatorSet(settings);
    this.#trendFast = new EMA(settings.emaFast);
    this.#trendSlow = new EMA(settings.emaSlow);
  }

  get closedBars(): number {
    return this.#bars.count;
  }

  /** Bars built from trades, of both intervals. */
  get builtBars(): number {
    return this.#bars.builtCount + this.#trendBars.builtCount;
  }

  /** Bars of the past from the venue, on both intervals; replaces what was built before. @throws when there are none to be had */
  async seed(history: History, instrument: InstrumentId, nowMs: () => number): Promise<void> {
    const { interval, trendInterval, historyBars } = this.#settings;
    const ask = (which: KlineBuilderInterval) => {
      const toMs = nowMs();
      return history.klines(instrument, which, { fromMs: toMs - historyBars * intervalMs(which), toMs });
    };
    const [bars, trendBars] = await Promise.all([ask(interval), ask(trendInterval)]);
    this.#indicators = new IndicatorSet(this.#settings);
    this.#trendFast = new EMA(this.#settings.emaFast);
    this.#trendSlow = new EMA(this.#settings.emaSlow);
    this.#readToMs = this.#trendReadToMs = -Infinity;
    this.#bars.seed(bars, nowMs());
    this.#trendBars.seed(trendBars, nowMs());
    this.#readClosed();
  }

  processTrade(trade: KlineTrade): void {
    this.#bars.processTrade(trade);
    this.#trendBars.processTrade(trade);
  }

  /** Closes bars that are over. @returns whether one of the signal's interval has been closed since the last call */
  advanceTo(nowMs: number): boolean {
    this.#bars.advanceTo(nowMs);
    this.#trendBars.advanceTo(nowMs);
    return this.#readClosed();
  }

  get readings(): Readings | undefined {
    return this.#indicators.readings;
  }

  get patterns(): readonly Pattern[] {
    return patternsOf(this.#bars.getKlines({ limit: patternBars }));
  }

  /** `flat` also while it is not known. */
  get trend(): Trend {
    if (!this.#trendFast.isStable || !this.#trendSlow.isStable) return "flat";
    const [fast, slow] = [this.#trendFast.getResultOrThrow(), this.#trendSlow.getResultOrThrow()];
    const gapBps = (fast / slow - 1) * 10_000;
    if (Math.abs(gapBps) < flatBps) return "flat";
    return gapBps > 0 ? "up" : "down";
  }

  #readClosed(): boolean {
    const isNew = (bar: Candle, sinceMs: number): boolean => bar.openTimeMs > sinceMs;
    let hasClosed = false;
    for (const bar of this.#bars.getKlines()) {
      if (!isNew(bar, this.#readToMs)) continue;
      this.#readToMs = bar.openTimeMs;
      this.#indicators.addBar(bar);
      hasClosed = true;
    }
    for (const bar of this.#trendBars.getKlines()) {
      if (!isNew(bar, this.#trendReadToMs)) continue;
      this.#trendReadToMs = bar.openTimeMs;
      this.#trendFast.update(bar.close, false);
      this.#trendSlow.update(bar.close, false);
    }
    return hasClosed;
  }
}
