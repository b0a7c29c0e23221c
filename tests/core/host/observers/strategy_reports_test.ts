/** A strategy's money as it is shown: by the fills, whatever the strategy says of itself. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { strategyReports } from "../../../../core/host/observers/strategy_reports.ts";
import { type Money, parseMoney } from "../../../../core/model/money.ts";
import type { Panel } from "../../../../core/model/panel.ts";
import { priceTicks } from "../../../../core/model/ticks.ts";
import { alpha, EngineHarness, maker } from "../../../support/engine_builders.ts";

const decimals = () => ({ priceDecimals: 1, sizeDecimals: 3 });
const panel: Panel = { status: "waiting", leverage: 10, lines: [], readings: [], signals: [] };

/** @param says what the strategy shows of itself; undefined: nothing */
function reportOf(harness: EngineHarness, says: Panel | undefined) {
  const [report] = strategyReports({
    state: harness.engine.snapshot(harness.nowUs),
    plugins: [{ id: maker, kind: "strategy", state: { kind: "running" } }],
    panels: new Map(says === undefined ? [] : [[maker, says]]),
    decimals,
  });
  if (report === undefined) throw new Error("no report");
  return report;
}

const at = (price: number, fee: string): { priceTicks: ReturnType<typeof priceTicks>; fee: Money } => ({
  priceTicks: priceTicks(price * 10),
  fee: parseMoney(fee),
});

/** The founding documents' sample positions, whose printed ROE (1.54 % and 1.23 %) was wrong. */
const positions = [
  { name: "a long at 43250 marked 43486.58", side: "buy", entry: 43_250, mark: 43_486.6, roe: 5.47 },
  { name: "a short at 2250 marked 2243.1", side: "sell", entry: 2_250, mark: 2_243.1, roe: 3.07 },
] as const;
for (const { name, side, entry, mark, roe } of positions) {
  Deno.test(`${name} has a ROE of ${roe} % at leverage 10, less the fees that were paid`, () => {
    const harness = EngineHarness.ready();
    harness.price(alpha, entry);
    harness.trade(side, 100, at(entry, "0.1"));
    harness.price(alpha, mark);
    harness.pass(60_000);
    harness.price(alpha, mark);
    const [position] = reportOf(harness, panel).positions;
    const margin = (0.1 * entry) / 10;
    assertAlmostEquals(position?.roePercent ?? NaN, roe - (0.1 / margin) * 100, 0.01);
    assertAlmostEquals(position?.pnlUsd ?? NaN, 0.1 * Math.abs(mark - entry) - 0.1, 1e-6);
    assertEquals([position?.side, position?.leverage], [side, 10]);
    assertAlmostEquals(position?.heldMs ?? NaN, 60_000, 1_000);
  });
}

Deno.test("trades, wins and fees are counted from flat to flat, whatever the strategy says", () => {
  const harness = EngineHarness.ready();
  const boast = { ...panel, status: "100 wins in a row", lines: [{ name: "win rate", value: "100 %" }] };
  harness.trade("buy", 100, at(50_000, "1")); // closed in two steps at a gain of 5 less 3
  harness.trade("sell", 40, at(50_050, "1"));
  harness.pass(1_000);
  harness.trade("sell", 60, at(50_050, "1"));
  harness.trade("sell", 100, at(50_000, "1")); // turned: lost 1 less 2, and bought 50
  harness.trade("buy", 150, at(50_010, "1"));
  const { trades, positions: held } = reportOf(harness, boast);
  assertEquals([trades.trades, trades.wins, trades.losses, trades.winRatePercent], [2, 1, 1, 50]);
  assertAlmostEquals(trades.totalNetUsd, 5 - 3 - (1 + 2), 1e-9);
  assertAlmostEquals(trades.feesUsd, 5, 1e-9);
  assertEquals(held.length, 1);
  assertEquals(harness.journal("round_trip").map(({ trade }) => trade.side), ["buy", "sell"]);
});

Deno.test("without a leverage of its own or of the venue there is no ROE; without a panel it is silent", () => {
  const harness = EngineHarness.ready();
  harness.price(alpha, 50_000);
  harness.trade("buy", 100, at(50_000, "1"));
  const { positions: [position], status, lines } = reportOf(harness, undefined);
  assertEquals([position?.roePercent, position?.leverage, status, lines], [NaN, NaN, "", []]);
});
