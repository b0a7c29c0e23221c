/** A backtest's figures by hand. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Recording, RoundTrip } from "../../../core/backtest/recorder.ts";
import { drawdownOf, statisticsOf } from "../../../core/backtest/statistics.ts";

const dayMs = 86_400_000;
const trip = (netPnlUsd: number, closedMs: number, holdMs = 1_000): RoundTrip => ({
  instrument: "paradex:BTC-PERP",
  side: "buy",
  openedMs: closedMs - holdMs,
  closedMs,
  sizeBase: 1,
  entryPrice: 1,
  exitPrice: 1,
  feesUsd: 0,
  netPnlUsd,
});
const recording = (equities: readonly number[], trips: readonly RoundTrip[] = []): Recording => ({
  depositUsd: 1_000,
  equity: equities.map((equityUsd, day) => ({ tsMs: day * dayMs + 1, equityUsd })),
  fills: [],
  trips,
  fundingPayments: [],
  orders: 0,
  refusals: {},
  notices: {},
  opportunities: { seen: 0, taken: 0 },
  gauges: {},
  openPositions: [],
  feesUsd: 0,
  fundingUsd: 0,
  realizedUsd: 0,
  unrealizedUsd: 0,
  records: 0,
});

Deno.test("three days by hand", () => {
  // +10 %, −10 %, +20 % of 1,000, 1,100, 990.
  const found = statisticsOf(
    recording([1_100, 990, 1_188], [trip(100, 10), trip(-50, dayMs), trip(-60, dayMs + 9)]),
  );
  assertAlmostEquals(found.returnPercent, 18.8, 1e-9);
  assertAlmostEquals(found.maxDrawdownUsd, 110, 1e-9);
  assertAlmostEquals(found.maxDrawdownPercent, 10, 1e-9);
  assertEquals(found.days.map(({ day, trips, netPnlUsd }) => [day, trips, netPnlUsd]), [
    ["1970-01-01", 1, 100],
    ["1970-01-02", 2, -110],
    ["1970-01-03", 0, 0],
  ]);
  // Mean 0.2/3; sample deviation of 0.1, −0.1, 0.2 is 0.152753; downside √(0.01/3).
  assertAlmostEquals(found.sharpe ?? NaN, (0.2 / 3 / 0.15275252316519466) * Math.sqrt(365), 1e-9);
  assertAlmostEquals(found.sortino ?? NaN, (0.2 / 3 / Math.sqrt(0.01 / 3)) * Math.sqrt(365), 1e-9);
  assertAlmostEquals(found.winRatePercent ?? NaN, 100 / 3, 1e-9);
  assertEquals([found.averageWinUsd, found.averageLossUsd, found.averageHoldMs], [100, -55, 1_000]);
  assertAlmostEquals(found.profitFactor ?? NaN, 100 / 110, 1e-9);
});

Deno.test("what nothing can be said of stays empty", () => {
  const found = statisticsOf(recording([1_000]));
  assertEquals(
    [found.sharpe, found.sortino, found.winRatePercent, found.profitFactor, found.averageHoldMs],
    [undefined, undefined, undefined, undefined, undefined],
  );
});

Deno.test("a drawdown counts from the deposit when equity never rose above it", () => {
  const { maxDrawdownUsd, maxDrawdownPercent } = drawdownOf([{ tsMs: 0, equityUsd: 900 }], 1_000);
  assertEquals([maxDrawdownUsd, maxDrawdownPercent], [100, 10]);
});
