/**
 * From readings to a signal: each indicator votes for a side with a strength, the weights add the votes up to a score
 * and a confidence, and filters say why a signal is not taken. Pure: equal inputs give equal signals.
 */
import type { Pattern } from "./patterns.ts";
import type { Readings } from "./readings.ts";

export const indicatorNames = [
  "rsi",
  "macd",
  "bollinger",
  "stochastic",
  "ema",
  "vwap",
  "pattern",
] as const;
export type IndicatorName = (typeof indicatorNames)[number];
export type Weights = Readonly<Record<IndicatorName, number>>;

export interface Vote {
  readonly indicator: IndicatorName;
  /** From −1 (sell) to 1 (buy); 0 has nothing to say. */
  readonly strength: number;
  readonly reason: string;
}

export interface SignalSettings {
  readonly weights: Weights;
  /** 0 to 100: weighted strength for the side, of what all weights together could give. */
  readonly minScore: number;
  /** 0 to 100: the side's share of all that was voted, for and against. */
  readonly minConfidence: number;
  readonly rsiOversold: number;
  readonly rsiOverbought: number;
  /** Bars with less than this share of the usual volume give no signal; 0 is off. */
  readonly minVolumeRatio: number;
  /** The ATR in bps of the price must be at least this; 0 is off. */
  readonly minAtrBps: number;
}

/** Direction of the higher timeframe; `flat` filters nothing. */
export type Trend = "up" | "down" | "flat";

export interface Signal {
  readonly side: "buy" | "sell";
  readonly score: number;
  readonly confidence: number;
  readonly price: number;
  readonly votes: readonly Vote[];
  /** Why it is worth taking, strongest first. */
  readonly reasons: readonly string[];
  /** Why it is not taken; empty when it is. */
  readonly rejections: readonly string[];
}

const clamp = (value: number): number => Math.max(-1, Math.min(1, value));
const text = (value: number): string => value.toFixed(1);

/** What each indicator says, in the order of {@link indicatorNames}. */
export function votesOf(
  readings: Readings,
  patterns: readonly Pattern[],
  settings: SignalSettings,
): readonly Vote[] {
  return [
    rsiVote(readings, settings),
    macdVote(readings),
    bollingerVote(readings),
    stochasticVote(readings),
    emaVote(readings),
    vwapVote(readings),
    patternVote(patterns),
  ];
}

/** Half strength at the threshold, full half-way from there to the end of the scale. */
function rsiVote({ rsi }: Readings, { rsiOversold, rsiOverbought }: SignalSettings): Vote {
  const vote = (strength: number, reason: string): Vote => ({ indicator: "rsi", strength, reason });
  if (rsi <= rsiOversold && rsiOversold > 0) {
    return vote(clamp(0.5 + (rsiOversold - rsi) / rsiOversold), `RSI ${text(rsi)} is oversold`);
  }
  if (rsi >= rsiOverbought && rsiOverbought < 100) {
    const beyond = (rsi - rsiOverbought) / (100 - rsiOverbought);
    return vote(-clamp(0.5 + beyond), `RSI ${text(rsi)} is overbought`);
  }
  return vote(0, `RSI ${text(rsi)}`);
}

function macdVote({ macdHistogram: now, previousMacdHistogram: before }: Readings): Vote {
  const vote = (strength: number, reason: string): Vote => ({ indicator: "macd", strength, reason });
  if (before <= 0 && now > 0) return vote(1, "MACD crossed above its signal line");
  if (before >= 0 && now < 0) return vote(-1, "MACD crossed below its signal line");
  if (now > 0 && now > before) return vote(0.4, "MACD is above its signal line and rising");
  if (now < 0 && now < before) return vote(-0.4, "MACD is below its signal line and falling");
  return vote(0, "MACD shows no change");
}

function bollingerVote({ close, bandLower, bandUpper }: Readings): Vote {
  const vote = (strength: number, reason: string): Vote => ({ indicator: "bollinger", strength, reason });
  const width = bandUpper - bandLower;
  if (!(width > 0)) return vote(0, "the bands have no width");
  const percentB = (close - bandLower) / width;
  if (percentB <= 0) return vote(1, "price is below the lower band");
  if (percentB >= 1) return vote(-1, "price is above the upper band");
  if (percentB <= 0.1) return vote(0.5, "price is near the lower band");
  if (percentB >= 0.9) return vote(-0.5, "price is near the upper band");
  return vote(0, "price is within the bands");
}

function stochasticVote(readings: Readings): Vote {
  const { stochasticK: k, stochasticD: d, previousStochasticK: k0, previousStochasticD: d0 } = readings;
  const vote = (strength: number, reason: string): Vote => ({ indicator: "stochastic", strength, reason });
  if (k <= 20) {
    return k0 <= d0 && k > d
      ? vote(1, `stochastic ${text(k)} turns up from oversold`)
      : vote(0.4, `stochastic ${text(k)} is oversold`);
  }
  if (k >= 80) {
    return k0 >= d0 && k < d
      ? vote(-1, `stochastic ${text(k)} turns down from overbought`)
      : vote(-0.4, `stochastic ${text(k)} is overbought`);
  }
  return vote(0, `stochastic ${text(k)}`);
}

function emaVote({ close, emaFast, emaSlow }: Readings): Vote {
  const vote = (strength: number, reason: string): Vote => ({ indicator: "ema", strength, reason });
  if (emaFast > emaSlow) {
    return close >= emaFast
      ? vote(1, "fast EMA is above the slow one, price above both")
      : vote(0.5, "fast EMA is above the slow one");
  }
  if (emaFast < emaSlow) {
    return close <= emaFast
      ? vote(-1, "fast EMA is below the slow one, price below both")
      : vote(-0.5, "fast EMA is below the slow one");
  }
  return vote(0, "the EMAs are equal");
}

/** Full strength one ATR away from the day's average price. */
function vwapVote({ close, vwap, atr }: Readings): Vote {
  const vote = (strength: number, reason: string): Vote => ({ indicator: "vwap", strength, reason });
  if (vwap === undefined || !(atr > 0)) return vote(0, "no VWAP yet");
  const distance = (close - vwap) / atr;
  return vote(
    clamp(distance),
    `price is ${text(Math.abs(distance))} ATR ${distance < 0 ? "below" : "above"} VWAP`,
  );
}

function patternVote(patterns: readonly Pattern[]): Vote {
  const strength = clamp(patterns.reduce(
    (sum, pattern) => sum + (pattern.side === "buy" ? pattern.strength : -pattern.strength),
    0,
  ));
  const names = patterns.map((pattern) => pattern.name.replaceAll("_", " ")).join(", ");
  return { indicator: "pattern", strength, reason: names === "" ? "no pattern" : names };
}

/** Adds the votes up for one side. */
export function tally(
  votes: readonly Vote[],
  weights: Weights,
): { readonly side: "buy" | "sell"; readonly score: number; readonly confidence: number } {
  let buy = 0;
  let sell = 0;
  let possible = 0;
  for (const { indicator, strength } of votes) {
    const weight = weights[indicator];
    possible += weight;
    if (strength > 0) buy += weight * strength;
    else sell -= weight * strength;
  }
  const side = buy >= sell ? "buy" : "sell";
  const forIt = Math.max(buy, sell);
  const voted = buy + sell;
  return {
    side,
    score: possible > 0 ? (100 * forIt) / possible : 0,
    confidence: voted > 0 ? (100 * forIt) / voted : 0,
  };
}

/** The signal of this moment, taken or rejected, always with its reasons. Undefined when nothing votes. */
export function signalOf(
  readings: Readings,
  patterns: readonly Pattern[],
  trend: Trend,
  settings: SignalSettings,
): Signal | undefined {
  const votes = votesOf(readings, patterns, settings);
  const { side, score, confidence } = tally(votes, settings.weights);
  if (score === 0) return undefined;
  const sign = side === "buy" ? 1 : -1;
  const weightOf = (vote: Vote): number => settings.weights[vote.indicator] * vote.strength * sign;
  const reasons = votes.filter((vote) => weightOf(vote) > 0)
    .toSorted((a, b) => weightOf(b) - weightOf(a))
    .map((vote) => vote.reason);
  const rejections: string[] = [];
  if (score < settings.minScore) rejections.push(`score ${text(score)} is under ${settings.minScore}`);
  if (confidence < settings.minConfidence) {
    rejections.push(`confidence ${text(confidence)} is under ${settings.minConfidence}`);
  }
  if (trend !== "flat" && (trend === "up") !== (side === "buy")) {
    rejections.push(`the higher timeframe's trend is ${trend}`);
  }
  if (readings.volumeRatio < settings.minVolumeRatio) {
    rejections.push(
      `volume is ${readings.volumeRatio.toFixed(2)} of the usual, under ${settings.minVolumeRatio}`,
    );
  }
  const atrBps = (readings.atr / readings.close) * 10_000;
  if (!(atrBps >= settings.minAtrBps)) {
    rejections.push(`ATR is ${text(atrBps)} bps, under ${settings.minAtrBps}`);
  }
  return { side, score, confidence, price: readings.close, votes, reasons, rejections };
}
