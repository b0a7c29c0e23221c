/** The scalper's stops and its daily limit over whole sandboxed backtests. */
import { assert } from "@std/assert";
import { backtest, minuteBars } from "../core/backtest/builders.ts";
import { eager, folder, settingsOf, swings } from "../plugins/paradex_scalper/eager_scalper.ts";

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
