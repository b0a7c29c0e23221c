/** ROE, pre-flight and sizes by hand. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  positionNotional,
  preflight,
  roePercent,
  roeToMoveBps,
} from "../../../plugins/paradex_scalper/economics.ts";

// ROE = PnL after fees ÷ margin, margin = entry notional ÷ leverage. A move of 0.547 % at leverage 10 is 5.47 %,
// not 1.54 %; one of 0.307 % is 3.07 %, not 1.23 %.
const roes = [
  {
    name: "a long up 0.547 %",
    side: "buy",
    entryPrice: 40_000,
    price: 40_218.8,
    leverage: 10,
    fees: 0,
    roe: 5.47,
  },
  {
    name: "a short down 0.307 %",
    side: "sell",
    entryPrice: 3_000,
    price: 2_990.79,
    leverage: 10,
    fees: 0,
    roe: 3.07,
  },
  {
    name: "a long down 0.05 %",
    side: "buy",
    entryPrice: 50_000,
    price: 49_975,
    leverage: 10,
    fees: 0,
    roe: -0.5,
  },
  {
    name: "an unmoved long that paid 8 bps",
    side: "buy",
    entryPrice: 1_000,
    price: 1_000,
    leverage: 10,
    fees: 0.08,
    roe: -0.8,
  },
  { name: "leverage 1", side: "buy", entryPrice: 100, price: 101, leverage: 1, fees: 0, roe: 1 },
] as const;
for (const { name, side, entryPrice, price, leverage, fees, roe } of roes) {
  Deno.test(`roePercent() of ${name}`, () => {
    const sizeBase = fees === 0 ? 0.25 : 0.1; // 0.1 at 1,000 is 100 USD: 8 bps are 0.08
    assertAlmostEquals(roePercent({ side, sizeBase, entryPrice, leverage }, price, fees), roe, 1e-9);
  });
}

Deno.test("the default stop of −0.5 % ROE at leverage 10 is a move of 5 bps, inside two taker fees of 4 bps", () => {
  assertAlmostEquals(roeToMoveBps(-0.5, 10), -5, 1e-12);
  const found = preflight({
    leverage: 10,
    takeProfitRoePercent: 2,
    stopLossRoePercent: -0.5,
    entryFeeBps: 4,
    exitFeeBps: 4,
    spreadBps: 0.5,
  }, 250);
  assertAlmostEquals(found.targetMoveBps, 20, 1e-9);
  assertAlmostEquals(found.stopMoveBps, 5, 1e-9);
  assertAlmostEquals(found.roundTripCostBps, 8.5, 1e-9);
  assertAlmostEquals(found.targetNetBps, 11.5, 1e-9);
  assertAlmostEquals(found.stopNetBps, -13.5, 1e-9);
  assertAlmostEquals(found.targetNetUsd, 0.2875, 1e-9);
  assertAlmostEquals(found.stopNetUsd, -0.3375, 1e-9);
  // 11.5 p = 13.5 (1 − p): p = 54 %.
  assertAlmostEquals(found.breakEvenWinRate ?? NaN, 0.54, 1e-9);
  assertEquals(found.warnings.length, 1);
  assert(
    found.warnings[0]?.startsWith("The stop is 5.00 bps away, inside the round trip's cost of 8.50 bps"),
  );
});

const verdicts = [
  { name: "no fees", fees: 0, spread: 0, roe: 2, warnings: 0, winnable: true },
  { name: "a target inside the cost", fees: 5, spread: 0, roe: 0.8, warnings: 2, winnable: false },
  { name: "a rebate", fees: -1, spread: 0, roe: 2, warnings: 0, winnable: true },
];
for (const { name, fees, spread, roe, warnings, winnable } of verdicts) {
  Deno.test(`preflight() of ${name}`, () => {
    const found = preflight({
      leverage: 10,
      takeProfitRoePercent: roe,
      stopLossRoePercent: -0.5,
      entryFeeBps: fees,
      exitFeeBps: fees,
      spreadBps: spread,
    }, 1_000);
    assertEquals(found.warnings.length, warnings);
    assertEquals(found.breakEvenWinRate !== undefined, winnable);
  });
}

Deno.test("positionNotional() is a share of equity, and nothing of what is no equity", () => {
  assertEquals(positionNotional(1_000, 25), 250);
  for (const equity of [0, -5, NaN, Infinity]) assertEquals(positionNotional(equity, 25), 0);
});
