/** Curves of a run: bounded, honest about their depths, and what the endpoints make of them. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { History, spreadsOf } from "../../../core/console/history.ts";
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
