/** The scalper in its sandbox over made-up markets: exits where they should be, books that agree. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { exitsOf } from "../../../plugins/paradex_scalper/scalper.ts";
import { settings as declared } from "../../../plugins/paradex_scalper/settings.ts";
import { eager, folder, settingsOf, swings } from "./eager_scalper.ts";
import { backtest, minuteBars } from "../../core/backtest/builders.ts";

Deno.test("exitsOf() turns ROE into bps of the entry: 2 % at leverage 10 is 20 bps", () => {
  const exits = exitsOf({
    stopAtrMultiple: declared.stopAtrMultiple.default,
    takeProfitAtrMultiple: declared.takeProfitAtrMultiple.default,
    leverage: declared.leverage.default,
    takeProfitRoePercent: declared.takeProfitRoePercent.default,
    stopLossRoePercent: declared.stopLossRoePercent.default,
    trailingActivationRoePercent: declared.trailingActivationRoePercent.default,
    trailingDistanceRoePercent: declared.trailingDistanceRoePercent.default,
    maxHoldMinutes: declared.maxHoldMinutes.default,
  });
  assertAlmostEquals(exits.takeProfitBps ?? NaN, 20, 1e-9);
  assertAlmostEquals(exits.stopLossBps ?? NaN, 5, 1e-9);
  assertAlmostEquals(exits.trailing?.activationBps ?? NaN, 10, 1e-9);
  assertAlmostEquals(exits.trailing?.distanceBps ?? NaN, 5, 1e-9);
  assertEquals(exits.maxHoldMs, 3_600_000);
});

Deno.test("a limit entry that does not fill is no position", async () => {
  const settings = settingsOf({ ...eager, entryOrder: "limit", limitTimeoutMs: 1_000 });
  const recording = await backtest(folder, minuteBars(swings(300)), settings);
  assert(
    recording.orders > recording.fills.length,
    `${recording.orders} orders, ${recording.fills.length} fills`,
  );
  assertEquals(recording.gauges["trades"] ?? 0, recording.trips.length);
});
