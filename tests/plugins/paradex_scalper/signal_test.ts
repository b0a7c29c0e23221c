/** Votes, scores and rejections by table; symmetry and bounds by property. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Readings } from "../../../plugins/paradex_scalper/readings.ts";
import {
  type IndicatorName,
  signalOf,
  type SignalSettings,
  tally,
  type Vote,
  votesOf,
} from "../../../plugins/paradex_scalper/signal.ts";

const quiet: Readings = {
  close: 100,
  rsi: 50,
  macdHistogram: 0,
  previousMacdHistogram: 0,
  bandLower: 98,
  bandMiddle: 100,
  bandUpper: 102,
  stochasticK: 50,
  stochasticD: 50,
  previousStochasticK: 50,
  previousStochasticD: 50,
  emaFast: 100,
  emaSlow: 100,
  atr: 1,
  vwap: 100,
  volumeRatio: 1,
};
const settings: SignalSettings = {
  weights: { rsi: 20, macd: 20, bollinger: 15, stochastic: 15, ema: 15, vwap: 5, pattern: 10 },
  minScore: 35,
  minConfidence: 60,
  rsiOversold: 30,
  rsiOverbought: 70,
  minVolumeRatio: 0.5,
  minAtrBps: 0,
};

const votes: readonly {
  readonly name: string;
  readonly change: Partial<Readings>;
  readonly indicator: IndicatorName;
  readonly strength: number;
}[] = [
  { name: "RSI at the threshold", change: { rsi: 30 }, indicator: "rsi", strength: 0.5 },
  { name: "RSI half-way down", change: { rsi: 15 }, indicator: "rsi", strength: 1 },
  { name: "RSI above it", change: { rsi: 30.1 }, indicator: "rsi", strength: 0 },
  { name: "RSI overbought", change: { rsi: 85 }, indicator: "rsi", strength: -1 },
  {
    name: "MACD crossing up",
    change: { previousMacdHistogram: -0.1, macdHistogram: 0.1 },
    indicator: "macd",
    strength: 1,
  },
  {
    name: "MACD crossing down",
    change: { previousMacdHistogram: 0.1, macdHistogram: -0.1 },
    indicator: "macd",
    strength: -1,
  },
  {
    name: "MACD above but falling",
    change: { previousMacdHistogram: 0.2, macdHistogram: 0.1 },
    indicator: "macd",
    strength: 0,
  },
  { name: "price under the band", change: { close: 97.9 }, indicator: "bollinger", strength: 1 },
  { name: "price near the upper band", change: { close: 101.7 }, indicator: "bollinger", strength: -0.5 },
  {
    name: "bands without width",
    change: { bandLower: 100, bandUpper: 100 },
    indicator: "bollinger",
    strength: 0,
  },
  {
    name: "stochastic turning up",
    change: { previousStochasticK: 10, previousStochasticD: 12, stochasticK: 15, stochasticD: 13 },
    indicator: "stochastic",
    strength: 1,
  },
  {
    name: "stochastic overbought",
    change: { stochasticK: 90, stochasticD: 85 },
    indicator: "stochastic",
    strength: -0.4,
  },
  { name: "EMAs up, price above", change: { emaFast: 99.5, emaSlow: 99 }, indicator: "ema", strength: 1 },
  {
    name: "EMAs down, price above",
    change: { emaFast: 99, emaSlow: 99.5 },
    indicator: "ema",
    strength: -0.5,
  },
  { name: "half an ATR above VWAP", change: { vwap: 99.5 }, indicator: "vwap", strength: 0.5 },
  { name: "far below VWAP", change: { vwap: 130 }, indicator: "vwap", strength: -1 },
  { name: "no VWAP", change: { vwap: undefined }, indicator: "vwap", strength: 0 },
];
for (const { name, change, indicator, strength } of votes) {
  Deno.test(`votesOf() ${name}`, () => {
    const vote = votesOf({ ...quiet, ...change }, [], settings).find((one) => one.indicator === indicator);
    assertAlmostEquals(vote?.strength ?? NaN, strength, 1e-9);
  });
}

Deno.test("tally() by hand: 20 × 1 + 15 × 0.4 for, 15 × 0.5 against, of 100", () => {
  const vote = (indicator: IndicatorName, strength: number): Vote => ({
    indicator,
    strength,
    reason: indicator,
  });
  const found = tally([
    vote("rsi", 1),
    vote("stochastic", 0.4),
    vote("ema", -0.5),
    vote("macd", 0),
    vote("bollinger", 0),
    vote("vwap", 0),
    vote("pattern", 0),
  ], settings.weights);
  assertEquals(found.side, "buy");
  assertAlmostEquals(found.score, 26, 1e-9);
  assertAlmostEquals(found.confidence, (100 * 26) / 33.5, 1e-9);
});

const oversold: Partial<Readings> = {
  rsi: 12,
  close: 97.5,
  previousMacdHistogram: -0.1,
  macdHistogram: 0.1,
  stochasticK: 15,
  stochasticD: 12,
  previousStochasticK: 10,
  previousStochasticD: 11,
};
const verdicts: readonly {
  readonly name: string;
  readonly change: Partial<Readings>;
  readonly trend: "up" | "down" | "flat";
  readonly rejected: readonly RegExp[];
}[] = [
  { name: "a strong signal with the trend is taken", change: oversold, trend: "up", rejected: [] },
  { name: "a flat trend filters nothing", change: oversold, trend: "flat", rejected: [] },
  { name: "against the trend", change: oversold, trend: "down", rejected: [/trend is down/] },
  {
    name: "without volume",
    change: { ...oversold, volumeRatio: 0.2 },
    trend: "up",
    rejected: [/volume is 0\.20/],
  },
  {
    name: "a weak one",
    change: { rsi: 30 },
    trend: "flat",
    rejected: [/score 10\.0 is under 35/],
  },
  {
    name: "a contested one",
    change: {
      rsi: 12,
      previousMacdHistogram: 0.1,
      macdHistogram: -0.1,
      close: 97.5,
      emaFast: 97,
      emaSlow: 99,
      vwap: undefined,
    },
    trend: "flat",
    rejected: [/confidence/],
  },
];
for (const { name, change, trend, rejected } of verdicts) {
  Deno.test(`signalOf() ${name}`, () => {
    const signal = signalOf({ ...quiet, ...change }, [], trend, settings);
    assert(signal !== undefined && signal.reasons.length > 0);
    assertEquals(signal.side, "buy");
    assertEquals(signal.rejections.length, rejected.length, signal.rejections.join("; "));
    rejected.forEach((pattern, index) =>
      assert(pattern.test(signal.rejections[index] ?? ""), signal.rejections[index])
    );
  });
}

Deno.test("nothing to say is no signal, and an ATR of nothing never passes its filter", () => {
  assertEquals(signalOf(quiet, [], "flat", settings), undefined);
  const still = signalOf({ ...quiet, ...oversold, atr: NaN }, [], "flat", { ...settings, minAtrBps: 1 });
  assert(still?.rejections.some((reason) => reason.startsWith("ATR")));
});

Deno.test("mirrored votes give the other side the same score; scores and confidences stay within 0 and 100", () => {
  const strength = fc.double({ min: -1, max: 1, noNaN: true });
  fc.assert(fc.property(fc.array(strength, { minLength: 7, maxLength: 7 }), (strengths) => {
    const names: readonly IndicatorName[] = [
      "rsi",
      "macd",
      "bollinger",
      "stochastic",
      "ema",
      "vwap",
      "pattern",
    ];
    const of = (sign: number): readonly Vote[] =>
      names.map((indicator, index) => ({ indicator, strength: sign * (strengths[index] ?? 0), reason: "" }));
    const straight = tally(of(1), settings.weights);
    const mirrored = tally(of(-1), settings.weights);
    assertAlmostEquals(straight.score, mirrored.score, 1e-9);
    assertAlmostEquals(straight.confidence, mirrored.confidence, 1e-9);
    assert(straight.score >= 0 && straight.score <= 100 + 1e-9);
    assert(straight.confidence === 0 || straight.confidence >= 50 - 1e-9);
    assert(straight.confidence <= 100 + 1e-9);
  }));
});
