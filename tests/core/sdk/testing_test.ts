/** The levers of a strategy's test do what a host would. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { defineStrategy, setting } from "../../../core/sdk/mod.ts";
import { testStrategy } from "../../../core/sdk/testing.ts";

const seen: string[] = [];
const strategy = defineStrategy({
  kind: "strategy",
  id: "tested",
  version: "1.0.0",
  sdkVersion: 1,
  author: "tests",
  description: "Says what reaches it.",
  trading: { venues: ["*"], instruments: ["*"], data: ["quotes", "trades", "marks"], orders: "trade" },
  riskBudget: {
    maxOrderNotionalUsd: 1,
    maxPositionNotionalUsd: 1,
    maxOrdersPerSecond: 1,
    maxDailyLossUsd: 1,
  },
  onStop: "keep_positions",
  settings: { price: setting.number({ default: 100, description: "Of each order." }) },
}, (ctx) => {
  seen.length = 0;
  return {
    onStart() {
      if (ctx.settings.price < 0) throw new Error("a price below zero");
      ctx.time.every(1000, () => seen.push(`timer ${ctx.time.epochMs() % 86_400_000}`));
    },
    onQuote({ instrument, bidPrice }) {
      if (bidPrice > 1000) throw new Error("too dear");
      const side = bidPrice > ctx.settings.price ? "sell" : "buy";
      ctx.orders.submit({ instrument, side, sizeBase: 2, limitPrice: ctx.settings.price });
    },
    onTrade: ({ takerSide, price, sizeBase }) => void seen.push(`trade ${takerSide} ${price} ${sizeBase}`),
    onMark: ({ markPrice }) => void seen.push(`mark ${markPrice}`),
    onOrder: ({ status, filledBase }) => void seen.push(`order ${status} ${filledBase}`),
    onFill: ({ price, sizeBase }) => void seen.push(`fill ${sizeBase} at ${price}`),
    onPosition: ({ sizeBase, averageEntryPrice, realizedPnl }) =>
      void seen.push(`position ${sizeBase} at ${averageEntryPrice} made ${realizedPnl}`),
    onStop: (reason) => ctx.state.save({ reason }),
  };
});
const btc = "okx:BTC-PERP";

Deno.test("orders are accepted, filled in parts and booked at their average", async () => {
  const test = await testStrategy(strategy);
  test.quote(btc, 99, 101);
  test.fill("1", { sizeBase: 0.5 });
  test.fill("1", { price: 99 });
  test.quote(btc, 110, 111);
  test.fill("2", { price: 120, sizeBase: 1 });
  assertEquals(seen, [
    "order accepted 0",
    "order partially_filled 0.5",
    "fill 0.5 at 100",
    "position 0.5 at 100 made 0",
    "order filled 2",
    "fill 1.5 at 99",
    "position 2 at 99.25 made 0",
    "order accepted 0",
    "order partially_filled 1",
    "fill 1 at 120",
    "position 1 at 99.25 made 20.75",
  ]);
  assertThrows(() => test.fill("1"), Error, "1 can't fill 0 lots: it is filled");
  assertEquals(test.orders.map(({ side, status }) => `${side} ${status}`), [
    "buy filled",
    "sell partially_filled",
  ]);
});

Deno.test("time, trades, marks, refusals, settings and state reach it", async () => {
  const test = await testStrategy(strategy, { settings: { price: 50 } });
  test.advance(2500);
  test.trade(btc, "sell", 7, 3);
  test.mark(btc, 42);
  test.refuseOrders("ORDER_TOO_LARGE");
  test.quote(btc, 49, 51);
  assertEquals(seen, ["timer 1000", "timer 2000", "trade sell 7 3", "mark 42", "order refused 0"]);
  assertEquals(test.orders, []);
  await test.stop("enough");
  assertEquals(test.state, { reason: "enough" });
});

Deno.test("what a callback throws fails the test", async () => {
  const test = await testStrategy(strategy);
  assertThrows(() => test.quote(btc, 2000, 2001), Error, "onQuote threw: Error: too dear");
  await assertRejects(() => testStrategy(strategy, { settings: { price: -1 } }), Error, "a price below zero");
});
