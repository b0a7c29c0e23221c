/**
 * Technical indicators for plugins, under `@berth/sdk/indicators`: the streaming ones of the `trading-signals` library,
 * by their field names. Each takes one value (or one candle) at a time by `update(value, replace)`; `replace: true`
 * renews the newest value instead of adding one, which is how a bar under way is followed tick by tick; it answers null
 * until it has seen enough.
 *
 * Smoothing is the field's: RSI and ATR are Wilder's (`WSMA`), EMA starts at its first value, Bollinger Bands use the
 * population's standard deviation. {@link SessionVwap} begins anew every day.
 */
import { VWAP } from "trading-signals";

export {
  ATR,
  BollingerBands,
  EMA,
  MACD,
  ROC,
  RSI,
  SMA,
  StochasticOscillator,
  VWAP,
  WSMA,
} from "trading-signals";

/** What candle indicators read; the SDK's klines have it, with `volume` taken from the base volume. */
export interface IndicatorCandle {
  readonly openTimeMs: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volumeBase: number;
}

const dayMs = 86_400_000;

/** Volume-weighted average price since 00:00 UTC, as perpetual futures, which never close, have it on charts. */
export class SessionVwap {
  #vwap = new VWAP();
  #day: number | undefined;

  /** @param replace the candle is a newer state of the last one. Undefined until the day has volume. */
  update(candle: IndicatorCandle, replace: boolean): number | undefined {
    const day = Math.floor(candle.openTimeMs / dayMs);
    if (day !== this.#day) {
      this.#day = day;
      this.#vwap = new VWAP();
    }
    const { high, low, close, volumeBase } = candle;
    this.#vwap.update({ high, low, close, volume: volumeBase }, replace);
    return this.#vwap.getResult() ?? undefined;
  }
}
