import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { increment } from "@berth/sdk";
import {
  commonSizeStep,
  edgeOf,
  grossEdgeBps,
  stepsToBase,
  stepsToText,
  wholeSteps,
} from "../../../plugins/cross_exchange_arbitrage/net_edge.ts";
import { legModeOf, parsePairLegMode } from "../../../plugins/cross_exchange_arbitrage/settings.ts";

// Computed by hand: (sell − buy) / mean × 10,000.
const samples: readonly {
  readonly name: string;
  readonly buy: number;
  readonly sell: number;
  readonly bps: number;
}[] = [
  { name: "buy 43251.00, sell 43254.00 is 0.69 bps", buy: 43_251, sell: 43_254, bps: 0.69 },
  { name: "43250 to 43251 is 0.23 bps, not 2.32", buy: 43_250, sell: 43_251, bps: 0.23 },
  { name: "43249.5 to 43252 is 0.58 bps", buy: 43_249.5, sell: 43_252, bps: 0.58 },
  { name: "selling lower than buying is negative", buy: 100, sell: 99, bps: -100.5 },
];
for (const c of samples) {
  Deno.test(`grossEdgeBps() ${c.name}`, () => assertAlmostEquals(grossEdgeBps(c.buy, c.sell), c.bps, 0.005));
}

Deno.test("edgeOf() 43251 to 43254 with 5 bps of fees in all is a loss of 4.3 bps", () => {
  const edge = edgeOf(43_251, 43_254, 2.5, 2.5);
  assertAlmostEquals(edge.netBps, -4.306, 0.001);
  assertAlmostEquals(edge.roundTripBps, -9.306, 0.001);
  assertEquals(edge.feesBps, 5);
});

const lot = (text: string) => ({ lot: increment(text) });

Deno.test("commonSizeStep() is a whole number of lots on both venues, and the smallest such", () => {
  assertEquals(commonSizeStep(lot("0.00001"), lot("0.0001")), { units: 10n, decimals: 5 });
  assertEquals(commonSizeStep(lot("0.001"), lot("0.0004")), { units: 20n, decimals: 4 });
  assertEquals(commonSizeStep(lot("1"), lot("10")), { units: 10n, decimals: 0 });
});

Deno.test("wholeSteps() does not lose a step to binary fractions", () => {
  const step = commonSizeStep(lot("0.1"), lot("0.1"));
  assertEquals(wholeSteps(0.3, step), 3);
  assertEquals(wholeSteps(0.29, step), 2);
  assertEquals(wholeSteps(NaN, step), 0);
});

Deno.test("steps survive the way to text and back", () => {
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 1_000_000 }),
    fc.integer({ min: 1, max: 50 }),
    fc.integer({ min: 0, max: 8 }),
    (steps, units, decimals) => {
      const step = { units: BigInt(units), decimals };
      assertAlmostEquals(Number(stepsToText(steps, step)), stepsToBase(steps, step), 1e-6);
      assertEquals(wholeSteps(stepsToBase(steps, step), step), steps);
    },
  ));
});

Deno.test("legModeOf() lets the most exact entry win", () => {
  const values = {
    legMode: "pilot_first",
    pairLegModes: ["BTC-PERP=together", "BTC-PERP/paradex+okx=pilot_first", "nonsense"],
  } as const;
  assertEquals(legModeOf(values, "BTC-PERP", ["okx", "paradex"]), "pilot_first");
  assertEquals(legModeOf(values, "BTC-PERP", ["okx", "hyperliquid"]), "together");
  assertEquals(legModeOf(values, "ETH-PERP", ["okx", "paradex"]), "pilot_first");
  assertEquals(parsePairLegMode("nonsense"), undefined);
});
