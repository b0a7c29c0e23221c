/** Prices of strategies at a venue that limits their significant figures. */
import { assertEquals } from "@std/assert";
import { defineStrategy, increment } from "../../../core/sdk/mod.ts";
import { testInstrument, testStrategy } from "../../../core/sdk/testing.ts";

const thrown: string[] = [];
const strategy = defineStrategy({
  kind: "strategy",
  id: "figures",
  version: "1.0.0",
  sdkVersion: 1,
  author: "tests",
  description: "Asks for prices with many figures.",
  trading: { venues: ["*"], instruments: ["*"], data: ["quotes"], orders: "trade" },
  riskBudget: {
    maxOrderNotionalUsd: 1,
    maxPositionNotionalUsd: 1,
    maxOrdersPerSecond: 1,
    maxDailyLossUsd: 1,
  },
  onStop: "keep_positions",
  settings: {},
}, (ctx) => ({
  onQuote({ instrument }) {
    for (const side of ["buy", "sell"] as const) {
      ctx.orders.submit({ instrument, side, sizeBase: 1, limitPrice: 83_412.37 });
    }
    ctx.orders.submit({ instrument, side: "buy", sizeBase: 1, limitPrice: "9999.9" });
    try {
      ctx.orders.submit({ instrument, side: "buy", sizeBase: 1, limitPrice: "83412.3" });
    } catch (error) {
      thrown.push(error instanceof Error ? error.message : String(error));
    }
  },
}));

Deno.test("a float is rounded to a price that the venue takes, never to a worse one; text is refused", async () => {
  const id = "hyperliquid:BTC-PERP";
  const test = await testStrategy(strategy, {
    instruments: [testInstrument(id, { tick: increment("0.1"), maxPriceFigures: 5 })],
  });
  test.quote(id, 83_412, 83_413);
  assertEquals(test.orders.map(({ side, limitPrice }) => `${side} ${limitPrice}`), [
    "buy 83412",
    "sell 83413",
    "buy 9999.9",
  ]);
  assertEquals(thrown, ["83412.3 is no multiple of 5 significant figures on hyperliquid:BTC-PERP."]);
});
