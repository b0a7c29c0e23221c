/** Every number of the scalper, with its default, bounds and meaning. ROE is profit and loss after fees ÷ margin. */
import { setting, type SettingValues } from "@berth/sdk";
import type { SignalSettings } from "./signal.ts";

const intervals = ["1m", "5m", "15m", "30m", "1h", "2h", "4h", "1d"] as const;
const weight = (fallback: number, what: string) =>
  setting.number({ default: fallback, min: 0, max: 1_000, description: `Weight of ${what} in the score.` });
const period = (fallback: number, what: string) =>
  setting.number({ default: fallback, min: 2, max: 1_000, integer: true, description: `Bars of ${what}.` });

export const settings = {
  symbols: setting.textList({
    default: ["BTC-PERP", "ETH-PERP"],
    maxItems: 50,
    description: "Symbols to trade.",
  }),
  interval: setting.choice({
    default: "5m",
    choices: intervals,
    description: "Bars that signals come from.",
  }),
  trendInterval: setting.choice({
    default: "1h",
    choices: intervals,
    description: "Bars of the trend filter: no trades against its two averages.",
  }),
  useTrendFilter: setting.boolean({ default: true, description: "Whether the trend filter is on." }),
  historyBars: setting.number({
    default: 300,
    min: 30,
    max: 5_000,
    integer: true,
    description: "Closed bars kept, and asked of the venue at the start.",
  }),
  rsiPeriod: period(14, "the RSI"),
  macdFast: period(12, "the MACD's fast average"),
  macdSlow: period(26, "the MACD's slow average"),
  macdSignal: period(9, "the MACD's signal line"),
  bollingerPeriod: period(20, "the Bollinger Bands"),
  bollingerDeviations: setting.number({
    default: 2,
    min: 0.1,
    max: 10,
    description: "Deviations from the middle to the Bollinger Bands.",
  }),
  stochasticPeriod: period(14, "the stochastic"),
  stochasticSmoothing: period(3, "both of the stochastic's averages"),
  emaFast: period(9, "the fast EMA"),
  emaSlow: period(21, "the slow EMA"),
  atrPeriod: period(14, "the ATR"),
  volumePeriod: period(20, "the usual volume"),
  weightRsi: weight(20, "the RSI"),
  weightMacd: weight(20, "the MACD"),
  weightBollinger: weight(15, "the Bollinger Bands"),
  weightStochastic: weight(15, "the stochastic"),
  weightEma: weight(15, "the averages"),
  weightVwap: weight(5, "the day's VWAP"),
  weightPattern: weight(10, "candlestick patterns"),
  minScore: setting.number({
    default: 40,
    min: 0,
    max: 100,
    description: "Signals under this score are rejected.",
  }),
  minConfidence: setting.number({
    default: 60,
    min: 0,
    max: 100,
    description: "Signals for which less than this percentage of the votes speaks are rejected.",
  }),
  rsiOversold: setting.number({
    default: 30,
    min: 1,
    max: 50,
    description: "RSI from here down is oversold.",
  }),
  rsiOverbought: setting.number({
    default: 70,
    min: 50,
    max: 99,
    description: "RSI from here up is overbought.",
  }),
  minVolumeRatio: setting.number({
    default: 0.5,
    min: 0,
    max: 100,
    description: "Bars with less than this share of the usual volume give no signal; 0 is off.",
  }),
  minAtrBps: setting.number({
    default: 0,
    min: 0,
    max: 10_000,
    description: "No signal while the ATR is under this many bps of the price; 0 is off.",
  }),
  capitalUsd: setting.number({
    default: 0,
    min: 0,
    max: 100_000_000,
    description:
      "Size by at most this many USD and what the strategy has made of them; 0: by the account's whole equity.",
  }),
  leverage: setting.number({
    default: 10,
    min: 1,
    max: 100,
    description:
      "Margin of a position is its value divided by this; targets and stops are in percent of the margin.",
  }),
  positionPercent: setting.number({
    default: 25,
    min: 0.1,
    max: 1_000,
    description: "Value of one position in percent of equity.",
  }),
  maxPositionUsd: setting.number({
    default: 1_000,
    min: 1,
    max: 100_000_000,
    description: "Largest value of one position, USD, whatever the percentage; no more than its risk budget.",
  }),
  maxPositions: setting.number({
    default: 5,
    min: 1,
    max: 100,
    integer: true,
    description: "Positions and entry orders at the same time.",
  }),
  entryOrder: setting.choice({
    default: "market",
    choices: ["market", "limit"],
    description:
      "market takes at once within the gate's collar; limit rests at the best price and is a position only when filled.",
  }),
  limitTimeoutMs: setting.number({
    default: 10_000,
    min: 100,
    max: 3_600_000,
    description: "A limit entry that has not filled by then is cancelled, ms.",
  }),
  takeProfitRoePercent: setting.number({
    default: 2,
    min: 0.01,
    max: 10_000,
    description: "Close at this ROE, before fees.",
  }),
  stopLossRoePercent: setting.number({
    default: -0.5,
    min: -100,
    max: -0.01,
    description: "Close at this ROE, before fees.",
  }),
  stopAtrMultiple: setting.number({
    default: 0,
    min: 0,
    max: 100,
    description:
      "Stop this many ATRs from the entry, in place of stopLossRoePercent: further away while the market moves more; 0 is off.",
  }),
  takeProfitAtrMultiple: setting.number({
    default: 0,
    min: 0,
    max: 100,
    description: "Target this many ATRs from the entry, in place of takeProfitRoePercent; 0 is off.",
  }),
  trailingActivationRoePercent: setting.number({
    default: 1,
    min: 0,
    max: 10_000,
    description: "From this ROE on the stop trails the best price; 0 is off.",
  }),
  trailingDistanceRoePercent: setting.number({
    default: 0.5,
    min: 0.01,
    max: 10_000,
    description: "How far behind the best price the trailing stop is, in ROE.",
  }),
  maxHoldMinutes: setting.number({
    default: 60,
    min: 0.1,
    max: 43_200,
    description: "Close after this many minutes.",
  }),
  dailyLossPercent: setting.number({
    default: 5,
    min: 0.1,
    max: 100,
    description: "No new positions for the rest of the day (UTC) once this percentage of equity is lost.",
  }),
  lossCooldownMinutes: setting.number({
    default: 10,
    min: 0,
    max: 1_440,
    description: "After a loss no new position on that symbol for this many minutes.",
  }),
  analystTimeoutMs: setting.number({
    default: 2_000,
    min: 50,
    max: 60_000,
    description: "How long the analyst of analyst.ts may take; off as long as no analyst is named there.",
  }),
  analystOnSilence: setting.choice({
    default: "skip",
    choices: ["skip", "take"],
    description: "What becomes of a signal that the analyst does not answer in time.",
  }),
} as const;

export type ScalperSettings = SettingValues<typeof settings>;

/** The settings as the signal's own record. */
export function signalSettings(values: ScalperSettings): SignalSettings {
  return {
    ...values,
    weights: {
      rsi: values.weightRsi,
      macd: values.weightMacd,
      bollinger: values.weightBollinger,
      stochastic: values.weightStochastic,
      ema: values.weightEma,
      vwap: values.weightVwap,
      pattern: values.weightPattern,
    },
  };
}
