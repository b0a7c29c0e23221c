import { assert, assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "@berth/sdk";
import { btcInstrument } from "./fakes.ts";
import { bench, created, json, key, keyWithId, never, notFound } from "./trading_bench.ts";

Deno.test("queryOrder() looks among open orders, then in the history, and believes only its own id", async () => {
  const open = bench({ http: () => json(created) });
  const found = await open.trading.queryOrder(key, never);
  assert(found.kind === "found" && found.report.status === "open");
  assertEquals(open.https.map((call) => call.url), ["/orders/by_client_id/a1"]);

  const closed = bench({
    http: (call) =>
      call.url.startsWith("/orders-history")
        ? json({
          results: [{ ...created, client_id: "other" }, {
            ...created,
            status: "CLOSED",
            remaining_size: "0",
          }],
        })
        : notFound,
  });
  const filled = await closed.trading.queryOrder(key, never);
  assert(filled.kind === "found" && filled.report.status === "filled");
  assertEquals(closed.https[1]?.url, "/orders-history?client_id=a1&market=BTC-USD-PERP&page_size=100");

  const absent = bench({
    http: (call) => call.url.startsWith("/orders-history") ? json({ results: [] }) : notFound,
  });
  assertEquals(await absent.trading.queryOrder(keyWithId, never), { kind: "not_found" });
  assertEquals(absent.https[0]?.url, "/orders/175");

  const away = bench({ http: () => "fail" });
  assertEquals((await away.trading.queryOrder(key, never)).kind, "failed");
  const halfAway = bench({ http: (call) => call.url.startsWith("/orders-history") ? "fail" : notFound });
  assertEquals((await halfAway.trading.queryOrder(key, never)).kind, "failed");
});

Deno.test("fills() reads all pages and gives them oldest first", async () => {
  const fill = (id: number, tsMs: number) => ({
    id: String(id),
    market: id === 3 ? "SOL-USD-PERP" : "BTC-USD-PERP",
    order_id: "175",
    client_id: "a1",
    side: "BUY",
    liquidity: "TAKER",
    price: "65000",
    size: "0.01",
    fee: "0.29",
    created_at: tsMs,
  });
  const { https, trading } = bench({
    http: (call) =>
      call.url.includes("cursor=next1")
        ? json({ next: null, results: [fill(2, 100), fill(1, 100), fill(0, 50)] })
        : json({ next: "next1", results: [fill(5, 300), fill(4, 200), fill(3, 150)] }),
  });
  const fills = await trading.fills(100, never);
  assertEquals(fills.map((f) => f.fillId), ["1", "2", "4", "5"]);
  assertEquals(https.map((call) => call.url), [
    "/fills?start_at=100&page_size=100",
    "/fills?start_at=100&page_size=100&cursor=next1",
  ]);
});

Deno.test("openOrders(), positions() and balances() give our words for known markets", async () => {
  const { trading } = bench({
    http: (call) => {
      if (call.url === "/orders") return json({ results: [created, { ...created, market: "SOL-USD-PERP" }] });
      if (call.url === "/positions") {
        return json({
          results: [{ market: "BTC-USD-PERP", side: "SHORT", size: "-0.5", average_entry_price: "60000" }],
        });
      }
      return json({
        account_value: "1",
        total_collateral: "1000.5",
        free_collateral: "900",
        settlement_asset: "USDC",
      });
    },
  });
  assertEquals((await trading.openOrders(never)).map((order) => order.venueOrderId), [created.id]);
  assertEquals((await trading.positions(never)).map((position) => position.positionLots), [-50_000]);
  assertEquals((await trading.balances(never)).map((balance) => balance.total), [
    1_000_500_000_000_000_000_000n,
  ]);
});

Deno.test("a query that can't be answered throws a typed error", async () => {
  for (
    const [http, code] of [
      ["fail", "VENUE_UNREACHABLE"],
      [{ status: 429, body: "" }, "VENUE_UNREACHABLE"],
      [{ status: 401, body: '{"error":"INVALID_TOKEN","message":""}' }, "VENUE_REFUSED"],
      [json({ results: [{ id: 1 }] }), "VENUE_ANSWER_INVALID"],
    ] as const
  ) {
    const { trading } = bench({ http: () => http });
    assertEquals((await assertRejects(() => trading.openOrders(never), BerthError)).code, code);
  }
});

Deno.test("setLeverage() posts whole numbers only", async () => {
  const { https, trading } = bench({ http: () => json({}) });
  const outcome = await trading.setLeverage(btcInstrument.id, 5, "cross", never);
  assertEquals(outcome, { kind: "acknowledged" });
  assertEquals(https[0], {
    method: "POST",
    url: "/account/margin/BTC-USD-PERP",
    body: { leverage: 5, margin_type: "CROSS" },
  });
  for (const leverage of [0, 2.5, Number.NaN]) {
    assertEquals((await trading.setLeverage(btcInstrument.id, leverage, "cross", never)).kind, "rejected");
  }
  assertEquals(https.length, 1);
});
