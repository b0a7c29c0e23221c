/** What the worked examples do that takes longer than a run of a few seconds: bars that close, orders that fill. */
import { assertEquals } from "@std/assert";
import { testStrategy } from "@berth/sdk/testing";
import klineBuilding from "../../docs/examples/kline_building.ts";
import orderExecution from "../../docs/examples/order_execution.ts";

Deno.test("the kline example logs each bar once, when its minute is over", async () => {
  const test = await testStrategy(klineBuilding);
  for (const price of [100, 103, 99, 101]) test.trade("okx:BTC-PERP", "buy", price, 0.5);
  assertEquals(test.log.filter(({ message }) => message === "bar"), []);
  for (let second = 0; second < 61; second += 1) test.advance(1_000);
  const [bar, ...more] = test.log.filter(({ message }) => message === "bar");
  assertEquals([bar?.fields.open, bar?.fields.high, bar?.fields.low, bar?.fields.close], [100, 103, 99, 101]);
  assertEquals([more, test.gauges.get("klines")], [[], 1]);
});

Deno.test("the order example bids, takes back what does not fill, and lets the host guard what does", async () => {
  const test = await testStrategy(orderExecution, { settings: { patienceMs: 1_000 } });
  test.quote("paradex:BTC-PERP", 50_000, 50_001);
  assertEquals([test.orders[0]?.limitPrice, test.orders[0]?.postOnly], [50_000, true]);
  test.advance(1_000);
  assertEquals(test.orders[0]?.status, "cancelled");
  test.quote("paradex:BTC-PERP", 50_000, 50_001);
  assertEquals(test.orders.length, 1, "it rests a moment");
  test.advance(500);
  test.quote("paradex:BTC-PERP", 50_010, 50_011);
  const ref = test.orders[1]?.ref ?? "";
  test.fill(ref);
  test.advance(500);
  test.quote("paradex:BTC-PERP", 50_010, 50_011);
  assertEquals(test.orders.length, 2, "no second bid while it holds a position");
  assertEquals(test.log.map(({ message }) => message), ["placed", "ended", "placed", "ended", "filled"]);
});
