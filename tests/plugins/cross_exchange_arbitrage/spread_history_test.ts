/** Percentiles, half-lives and verdicts, by hand and against seeded processes whose answer is known. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  baselineOf,
  halfLifeSteps,
  percentile,
  SpreadHistory,
  type ThresholdSettings,
} from "../../../plugins/cross_exchange_arbitrage/spread_history.ts";

const settings: ThresholdSettings = {
  entryMode: "percentile",
  historyLength: 1_000,
  minSamples: 100,
  sampleEveryMs: 1_000,
  entryPercentile: 75,
  floorBps: 1,
  ceilingBps: 10,
  entryZ: 2,
  maxHalfLifeMs: 180_000,
};

const percentiles = [
  { values: [1, 2, 3, 4, 5], percent: 50, expected: 3 },
  { values: [5, 1, 3, 2, 4], percent: 75, expected: 4 },
  { values: [1, 2], percent: 75, expected: 1.75 },
  { values: [7], percent: 99, expected: 7 },
];
for (const { values, percent, expected } of percentiles) {
  Deno.test(`percentile ${percent} of ${values}`, () =>
    assertEquals(percentile(Float64Array.from(values), percent), expected));
}

Deno.test("baselineOf() by hand, and nothing where there is no deviation", () => {
  assertEquals(baselineOf(Float64Array.from([2, 4, 6])), { meanBps: 4, deviationBps: 2 });
  assertEquals(baselineOf(Float64Array.from([3, 3, 3])), undefined);
  assertEquals(baselineOf(Float64Array.from([3])), undefined);
});

/** Uniform in [0, 1), seeded. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

/** x[t] = keep × x[t−1] + noise: half of a deviation is gone after ln ½ ÷ ln keep steps. */
function process(keep: number, length: number, seed: number): Float64Array {
  const random = seeded(seed);
  const values = new Float64Array(length);
  for (let index = 1; index < length; index++) {
    values[index] = keep * (values[index - 1] ?? 0) + random() + random() + random() - 1.5;
  }
  return values;
}

for (const keep of [0.5, 0.9, 0.97]) {
  Deno.test(`halfLifeSteps() finds that of a process that keeps ${keep} of each step`, () => {
    const expected = Math.log(0.5) / Math.log(keep);
    const found = halfLifeSteps(process(keep, 20_000, 7)) ?? NaN;
    assert(Math.abs(found / expected - 1) < 0.15, `${found} for ${expected}`);
  });
}

Deno.test("halfLifeSteps() of what runs away, stands still or is too short is none", () => {
  assertEquals(halfLifeSteps(Float64Array.from({ length: 200 }, (_, index) => 1.01 ** index)), undefined);
  assertEquals(halfLifeSteps(new Float64Array(50)), undefined);
  assertEquals(halfLifeSteps(Float64Array.from([1, 2, 1])), undefined);
});

Deno.test("percentile mode starts at the ceiling and comes down to what the market shows", () => {
  const history = new SpreadHistory(settings);
  assertEquals(history.judge(9, 0).kind, "wait");
  assertEquals(history.judge(10, 0).kind, "enter");
  for (let index = 0; index < 200; index++) history.add((index % 5) + 1, index * 1_000);
  const verdict = history.judge(4, 1_000_000);
  assertEquals([verdict.kind, verdict.thresholdBps], ["enter", 4]);
  assertEquals(history.judge(3.9, 1_000_000).kind, "wait");
});

Deno.test("percentile mode is held between floor and ceiling", () => {
  for (const [spread, threshold] of [[0.2, 1], [50, 10]] as const) {
    const history = new SpreadHistory(settings);
    for (let index = 0; index < 200; index++) history.add(spread, index * 1_000);
    assertAlmostEquals(history.judge(0, 1_000_000).thresholdBps, threshold, 1e-9);
  }
});

Deno.test("z-score mode waits for samples, for a mean to return to, and for two deviations", () => {
  const z = { ...settings, entryMode: "z_score" } as const;
  const fresh = new SpreadHistory(z);
  assertEquals(fresh.judge(1_000, 0), {
    kind: "wait",
    thresholdBps: Infinity,
    why: "0 of 100 spreads are known",
  });
  const returning = new SpreadHistory(z);
  process(0.9, 1_000, 3).forEach((value, index) => returning.add(value, index * 1_000));
  const { thresholdBps } = returning.judge(0, 2_000_000);
  assert(thresholdBps > 0 && thresholdBps < 10, String(thresholdBps));
  const entered = returning.judge(thresholdBps, 2_000_000);
  assert(entered.kind === "enter" && entered.baseline !== undefined);
  assertAlmostEquals(entered.baseline.meanBps + 2 * entered.baseline.deviationBps, thresholdBps, 1e-9);
  const slow = new SpreadHistory({ ...z, maxHalfLifeMs: 1_000 });
  process(0.9, 1_000, 3).forEach((value, index) => slow.add(value, index * 1_000));
  const verdict = slow.judge(1_000, 2_000_000);
  assert(verdict.kind === "wait" && verdict.why.includes("too slowly"));
});

Deno.test("samples are taken once a period, nonsense never, and the oldest give way", () => {
  const history = new SpreadHistory({ ...settings, historyLength: 3, minSamples: 3 });
  history.add(1, 0);
  history.add(99, 999);
  history.add(NaN, 2_000);
  assertEquals(history.count, 1);
  for (let index = 1; index <= 5; index++) history.add(5, index * 3_000);
  assertEquals(history.count, 3);
  assertEquals(history.judge(5, 100_000).thresholdBps, 5, "the first spread of 1 is forgotten");
});
