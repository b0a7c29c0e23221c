/** What the indicators say of one instrument: fed with bars, read as one record. */
import {
  ATR,
  BollingerBands,
  EMA,
  MACD,
  RSI,
  SessionVwap,
  SMA,
  StochasticOscillator,
} from "@berth/sdk/indicators";
import type { Candle } from "@berth/sdk/klines";

export interface IndicatorPeriods {
  readonly rsiPeriod: number;
  readonly macdFast: number;
  readonly macdSlow: number;
  readonly macdSignal: number;
  readonly bollingerPeriod: number;
  readonly bollingerDeviations: number;
  readonly stochasticPeriod: number;
  readonly stochasticSmoothing: number;
  readonly emaFast: number;
  readonly emaSlow: number;
  readonly atrPeriod: number;
  readonly volumePeriod: number;
}

/** The newest values, and those of the bar before where a crossing matters. */
export interface Readings {
  readonly close: number;
  readonly rsi: number;
  readonly macdHistogram: number;
  readonly previousMacdHistogram: number;
  readonly bandLower: number;
  readonly bandMiddle: number;
  readonly bandUpper: number;
  readonly stochasticK: number;
  readonly stochasticD: number;
  readonly previousStochasticK: number;
  readonly previousStochasticD: number;
  readonly emaFast: number;
  readonly emaSlow: number;
  readonly atr: number;
  /** Undefined while the day has no volume. */
  readonly vwap: number | undefined;
  /** Volume of the bar ÷ mean volume of the bars of the period; 0 while there is none. */
  readonly volumeRatio: number;
}

/** The indicators of one instrument on one interval. */
export class IndicatorSet {
  readonly #rsi: RSI;
  readonly #macd: MACD;
  readonly #bands: BollingerBands;
  readonly #stochastic: StochasticOscillator;
  readonly #emaFast: EMA;
  readonly #emaSlow: EMA;
  readonly #atr: ATR;
  readonly #vwap = new SessionVwap();
  readonly #volume: SMA;
  #readings: Readings | undefined;
  #previous: { readonly histogram: number; readonly k: number; readonly d: number } | undefined;

  constructor(periods: IndicatorPeriods) {
    this.#rsi = new RSI(periods.rsiPeriod);
    this.#macd = new MACD(
      new EMA(periods.macdFast),
      new EMA(periods.macdSlow),
      new EMA(periods.macdSignal),
    );
    this.#bands = new BollingerBands(periods.bollingerPeriod, periods.bollingerDeviations);
    this.#stochastic = new StochasticOscillator({
      kPeriod: periods.stochasticPeriod,
      kSlowingPeriod: periods.stochasticSmoothing,
      dPeriod: periods.stochasticSmoothing,
    });
    this.#emaFast = new EMA(periods.emaFast);
    this.#emaSlow = new EMA(periods.emaSlow);
    this.#atr = new ATR(periods.atrPeriod);
    this.#volume = new SMA(periods.volumePeriod);
  }

  /** The newest record; undefined until every indicator has seen enough. */
  get readings(): Readings | undefined {
    return this.#readings;
  }

  /** Adds a closed bar, the next in time. */
  addBar(bar: Candle): void {
    const { close } = bar;
    const rsi = this.#rsi.update(close, false);
    const macd = this.#macd.update(close, false);
    const bands = this.#bands.update(close, false);
    const stochastic = this.#stochastic.update(bar, false);
    this.#emaFast.update(close, false);
    this.#emaSlow.update(close, false);
    const atr = this.#atr.update(bar, false);
    const vwap = this.#vwap.update(bar, false);
    const meanVolume = this.#volume.update(bar.volumeBase, false);
    const previous = this.#previous;
    if (macd !== null && stochastic !== null) {
      this.#previous = { histogram: macd.histogram, k: stochastic.stochK, d: stochastic.stochD };
    }
    if (
      rsi === null || macd === null || bands === null || stochastic === null || atr === null ||
      meanVolume === null || previous === undefined || !this.#emaFast.isStable || !this.#emaSlow.isStable
    ) return;
    this.#readings = {
      close,
      rsi,
      macdHistogram: macd.histogram,
      previousMacdHistogram: previous.histogram,
      bandLower: bands.lower,
      bandMiddle: bands.middle,
      bandUpper: bands.upper,
      stochasticK: stochastic.stochK,
      stochasticD: stochastic.stochD,
      previousStochasticK: previous.k,
      previousStochasticD: previous.d,
      emaFast: this.#emaFast.getResultOrThrow(),
      emaSlow: this.#emaSlow.getResultOrThrow(),
      atr,
      vwap,
      volumeRatio: meanVolume > 0 ? bar.volumeBase / meanVolume : 0,
    };
  }
}

/** Bars that must have been seen before there are readings. */
export function requiredBars(periods: IndicatorPeriods): number {
  return Math.max(
    periods.rsiPeriod + 1,
    periods.macdSlow + 1,
    periods.bollingerPeriod,
    periods.stochasticPeriod + 2 * periods.stochasticSmoothing,
    periods.emaSlow,
    periods.atrPeriod,
    periods.volumePeriod,
  );
}
