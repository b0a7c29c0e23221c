/** Curves of a run: bounded, honest about their depths, and what the endpoints make of them. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { History, spreadsOf } from "../../../core/console/history.ts";
import type { PastSample } from "../../../core/console/past_curves.ts";
import type { HostPicture } from "../../../core/console/ports.ts";
import { pnlHistory, spreadHistory } from "../../../core/console/curves.ts";
import { instrumentId } from "../../../core/model/ids.ts";
import { somePicture } from "./bench.ts";

const base = somePicture();

/** The picture at a time, with a result and a drawdown of the whole host. */
function pictureAt(tsMs: number, totalUsd: number, drawdownUsd: number): HostPicture {
  const scopes = base.engine.scopes.map((one) =>
    one.scope.kind === "global" ? { ...one, pnl: { ...one.pnl, totalUsd }, drawdownUsd } : one
  );
  return { ...base, engine: { ...base.engine, tsUs: tsMs * 1_000, scopes } };
}

Deno.test("a curve takes one point a second, and keeps the newest value and the deepest drawdown of each", () => {
  const history = new History();
  history.add(pictureAt(1_000, 1, 0));
  history.add(pictureAt(1_250, 5, 9)); // within the same second: not looked at
  history.add(pictureAt(2_000, 2, 3));
  assertEquals(history.pnl("global"), [
    { tsMs: 1_000, totalUsd: 1, drawdownUsd: 0 },
    { tsMs: 2_000, totalUsd: 2, drawdownUsd: 3 },
  ]);
  assertEquals(history.pnl("plugin/nobody"), []);
});

Deno.test("a day's curve is bounded, begins where the run began, ends now, and has lost no depth", () => {
  const history = new History();
  const seconds = 86_400;
  for (let second = 0; second < seconds; second += 20) {
    history.add(pictureAt(second * 1_000, second, second === 40_020 ? 777 : 1));
  }
  const points = history.pnl("global");
  assert(points.length > 500 && points.length <= 1_200, `${points.length} points`);
  assertEquals(points.at(-1)?.totalUsd, seconds - 20);
  assert((points[0]?.tsMs ?? Infinity) < (seconds * 1_000) / 100);
  assertEquals(Math.max(...points.map(({ drawdownUsd }) => drawdownUsd)), 777);
  const answered = pnlHistory("global", points);
  assertEquals(answered.tsMs.length, answered.totalUsd.length);
});

Deno.test("a spread is the bid where one sells over the ask where one buys, in both directions", () => {
  const quote = base.engine.quotes[0];
  assert(quote !== undefined);
  const at = (venue: string, bidPrice: number, askPrice: number) => ({
    ...quote,
    instrument: instrumentId(venue, "BTC-PERP"),
    bidPrice,
    askPrice,
  });
  const both = spreadsOf([at("alpha", 100, 100.1), at("beta", 101, 101.1), at("gamma", NaN, NaN)]);
  assertEquals(both.map(({ buyVenue, sellVenue }) => `${buyVenue} ${sellVenue}`), [
    "beta alpha",
    "alpha beta",
  ]);
  assertAlmostEquals(both[1]?.spreadBps ?? NaN, (101 / 100.1 - 1) * 10_000);
  assertEquals(spreadsOf([at("alpha", 100, 100.1)]), []);

  const moment = (tsMs: number, spreads: ReturnType<typeof spreadsOf>) => ({ tsMs, spreads });
  const answered = spreadHistory("BTC-PERP", [
    moment(1, both),
    moment(2, both.slice(1)),
    moment(3, []),
  ]);
  assertEquals(answered.tsMs, [1, 2, 3]);
  assertEquals(answered.directions.map(({ spreadBps }) => spreadBps.map((bps) => bps !== null)), [
    [true, false, false],
    [true, true, false],
  ]);
});

const sample = (
  tsMs: number,
  runId: string,
  totalUsd: number,
  prices: readonly [number, number],
): PastSample => ({
  tsMs,
  runId,
  pnl: [{ scope: "global", totalUsd, drawdownUsd: 1 }],
  quotes: [
    { instrument: instrumentId("alpha", "BTC-PERP"), bidPrice: prices[0], askPrice: prices[0] + 1 },
    { instrument: instrumentId("beta", "BTC-PERP"), bidPrice: prices[1], askPrice: prices[1] + 1 },
  ],
});

Deno.test("what runs before left stands before the run's own points, with a break between runs", () => {
  const history = new History();
  const read: number[] = [];
  const recall = (past: readonly PastSample[]) =>
    history.recall((beforeMs) => {
      read.push(beforeMs);
      return past;
    });
  recall([sample(0, "old", 99, [1, 1])]);
  assertEquals(read, [], "nothing before the first picture: it tells where this run begins");
  history.add(pictureAt(1_000_000, 1, 0));
  history.add(pictureAt(1_001_000, 2, 0));
  recall([
    sample(50_000, "first", 10, [100, 100]), // beyond the spreads' quarter of an hour
    sample(500_000, "first", 11, [100, 102]),
    sample(515_000, "first", 12, [100, 103]),
    sample(900_000, "second", 5, [100, 104]),
  ]);
  recall([sample(0, "old", 99, [1, 1])]);
  assertEquals(read, [1_000_000], "once");

  const points = history.pnl("global");
  assertEquals(points.map(({ totalUsd }) => totalUsd), [10, 11, 12, 5, 1, 2]);
  const { tsMs, totalUsd } = pnlHistory("global", points);
  assertEquals(totalUsd, [10, 11, 12, null, 5, null, 1, 2]);
  assertEquals(tsMs.toSorted((a, b) => a - b), tsMs);
  assertEquals(tsMs.at(-1), 1_001_000);

  const { tsMs: moments, directions } = spreadHistory("BTC-PERP", history.spreads("BTC-PERP"));
  assertEquals(moments, [500_000, 515_000, 899_999, 900_000, 999_999]);
  const up = directions.find(({ buyVenue }) => buyVenue === "alpha");
  assertEquals(up?.spreadBps.map((bps) => bps !== null), [true, true, false, true, false]);
  assertAlmostEquals(up?.spreadBps[0] ?? NaN, (102 / 101 - 1) * 10_000);
});

Deno.test("a journal that can't be read leaves the run's own curve, and is asked again", () => {
  const history = new History();
  history.add(pictureAt(1_000_000, 1, 0));
  assertThrows(() =>
    history.recall(() => {
      throw new Error("a bad disk");
    })
  );
  assertEquals(history.pnl("global").map(({ totalUsd }) => totalUsd), [1]);
  history.recall(() => [sample(900_000, "old", 7, [1, 1])]);
  assertEquals(history.pnl("global").map(({ totalUsd }) => totalUsd), [7, 1]);
});

Deno.test("a day of samples before a run is as bounded as the run's own", () => {
  const history = new History();
  const dayMs = 86_400_000;
  history.add(pictureAt(dayMs, 1, 0));
  history.recall(() =>
    Array.from({ length: 5_760 }, (_, index) => sample(index * 15_000, `run ${index >> 9}`, index, [1, 1]))
  );
  const points = history.pnl("global");
  assert(points.length <= 1_200, `${points.length} points`);
  assertEquals(points.filter(({ isNewRun }) => isNewRun === true).length, 12, "breaks are not thinned out");
  assertEquals(points.at(-1)?.totalUsd, 1);
  const apartMs = points.slice(1).map(({ tsMs }, index) => tsMs - (points[index]?.tsMs ?? 0));
  assert(Math.max(...apartMs) <= 300_000, "no part of the day is much coarser than the others");
  assertEquals(new Set(apartMs.slice(-58)), new Set([15_000]), "the last minutes are as they were kept");
});
