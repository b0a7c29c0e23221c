/** Percentiles, half-lives and verdicts, by hand and against seeded processes whose answer is known. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  SpreadHistory,
  type ThresholdSettings,
} from "../../../plugins/cross_exchange_arbitrage/spread_history.ts";
import { meanReverting } from "../../support/random_series.ts";

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
  meanReverting(0.9, 1_000, 3).forEach((value, index) => returning.add(value, index * 1_000));
  const { thresholdBps } = returning.judge(0, 2_000_000);
  assert(thresholdBps > 0 && thresholdBps < 10, String(thresholdBps));
  const entered = returning.judge(thresholdBps, 2_000_000);
  assert(entered.kind === "enter" && entered.baseline !== undefined);
  assertAlmostEquals(entered.baseline.meanBps + 2 * entered.baseline.deviationBps, thresholdBps, 1e-9);
  const slow = new SpreadHistory({ ...z, maxHalfLifeMs: 1_000 });
  meanReverting(0.9, 1_000, 3).forEach((value, index) => slow.add(value, index * 1_000));
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
