/** The scalper's books, stops and daily limit over whole sandboxed backtests. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Bar } from "../../core/backtest/bars.ts";
import { statisticsOf } from "../../core/backtest/statistics.ts";
import { backtest, minuteBars } from "../core/backtest/builders.ts";
import { readRecordedBars, recordedBarsPath } from "../support/recorded_bars.ts";
import { sharedDataMissing } from "../support/shared_data.ts";
import { eager, folder, settingsOf, swings } from "../plugins/paradex_scalper/eager_scalper.ts";

Deno.test("its own record agrees with the books: trades, wins, profit after fees", async () => {
  const lines: string[] = [];
  const recording = await backtest(
    folder,
    minuteBars(swings(400)),
    settingsOf({ ...eager, capitalUsd: 1_000 }),
    (line) => lines.push(line),
  );
  const { trips, gauges, openPositions } = recording;
  assert(trips.length >= 5, `${trips.length} round trips; ${lines.slice(-5).join(" | ")}`);
  assertEquals(gauges["trades"], trips.length);
  assertEquals(gauges["wins"], trips.filter((trip) => trip.netPnlUsd > 0).length);
  const open = openPositions.length === 0 ? 0 : NaN;
  if (open === 0) {
    assertAlmostEquals(
      gauges["total_pnl_usd"] ?? NaN,
      trips.reduce((sum, trip) => sum + trip.netPnlUsd, 0),
      0.01,
    );
  }
  // No position outlives its maximum, and none is larger than a quarter of the capital.
  for (const trip of trips) {
    assert(trip.closedMs - trip.openedMs <= 3_600_000 + 2_000);
    assert(trip.sizeBase * trip.entryPrice <= 260);
  }
});

Deno.test("a loss beyond the stop is the exit's slippage, not a missed stop", async () => {
  const recording = await backtest(folder, minuteBars(swings(400)), settingsOf(eager));
  for (const { entryPrice, exitPrice, side, openedMs, closedMs } of recording.trips) {
    const moveBps = ((exitPrice - entryPrice) / entryPrice) * 10_000 * (side === "buy" ? 1 : -1);
    assert(moveBps > -25, `${moveBps} bps from ${openedMs} to ${closedMs}`);
  }
});

Deno.test("a daily loss limit ends the day's entries", async () => {
  const strict = {
    ...eager,
    dailyLossPercent: 0.1,
    takeProfitRoePercent: 50,
    trailingActivationRoePercent: 0,
  };
  const [free, limited] = [
    await backtest(folder, minuteBars(swings(400)), settingsOf({ ...strict, dailyLossPercent: 100 })),
    await backtest(folder, minuteBars(swings(400)), settingsOf(strict)),
  ];
  assert(limited.trips.length < free.trips.length, `${limited.trips.length} of ${free.trips.length}`);
  assert(limited.trips.length > 0);
});

Deno.test({
  name: `two days of the recorded month give a report with fees in every trade ${
    recordedBarsPath === undefined ? sharedDataMissing : ""
  }`,
  ignore: recordedBarsPath === undefined,
  async fn() {
    const minutes = await readRecordedBars(recordedBarsPath ?? "");
    const bars = minutes.slice(0, 2_880).map((bar): Bar => ({
      ...bar,
      volumeBase: bar.volumeQuote / bar.close,
    }));
    const recording = await backtest(folder, minuteBars(bars, 2_000), settingsOf({}));
    const statistics = statisticsOf(recording);
    assert(statistics.trips > 0);
    for (const trip of recording.trips) {
      assertAlmostEquals(trip.feesUsd, 2e-4 * trip.sizeBase * (trip.entryPrice + trip.exitPrice), 1e-6);
    }
    assertEquals(statistics.days.length, 3);
  },
});
