/** What takes minutes or days, and what the venue alone can cause: stops, switches, keys, bans, pages. */
import { assert, assertEquals } from "@std/assert";
import { clientOrderId, type OrderKey, priceTicks, sizeLots } from "@berth/sdk";
import { RequestSigner } from "../../../exchanges/aster/signing.ts";
import { accountId, limit } from "../../support/venue_bench.ts";
import { btc, never, order, startedBench, startMs, type VirtualBench, virtualBench } from "./virtual.ts";

const keyOf = (id: string): OrderKey => ({
  instrument: btc,
  clientOrderId: clientOrderId(id),
  venueOrderId: undefined,
});
const reportsOf = (bench: VirtualBench, id: string) =>
  bench.published.of("order").map(({ value }) => value).filter((one) => one.clientOrderId === id);
const long = async (bench: VirtualBench, id = "entry1") => {
  await bench.settled(bench.trading.submit(order(id, { pricing: limit(600_020) }), never));
  await bench.run(200);
};
const stop = (id: string, ticks: number) =>
  order(id, {
    side: "sell",
    reduceOnly: true,
    pricing: { kind: "market", worstPriceTicks: undefined },
    trigger: { kind: "stop", triggerPriceTicks: priceTicks(ticks) },
  });

Deno.test("a stop waits at the venue, and becomes an order of the same number when the mark reaches it", async () => {
  const bench = await startedBench();
  const { trading } = bench;
  await long(bench);
  const outcome = await bench.settled(trading.submit(stop("stop1", 599_500), never));
  assert(outcome.kind === "acknowledged", JSON.stringify(outcome));
  await bench.run(200);
  const [open] = reportsOf(bench, "stop1");
  assertEquals([open?.status, open?.triggerPriceTicks, open?.venueOrderId, open?.limitPriceTicks], [
    "open",
    priceTicks(599_500),
    outcome.venueOrderId,
    undefined,
  ]);
  const listed = await bench.settled(trading.openOrders(never));
  assertEquals(listed.map((one) => [one.clientOrderId, one.triggerPriceTicks]), [[
    clientOrderId("stop1"),
    priceTicks(599_500),
  ]]);
  bench.market.setMark(59_950.1);
  await bench.run(200);
  assertEquals(reportsOf(bench, "stop1").length, 1, "not reached yet");
  bench.market.setMark(59_950);
  await bench.run(1_000);
  // Its end as a stop is no end: nobody is told that it was cancelled.
  assertEquals(new Set(reportsOf(bench, "stop1").map(({ status }) => status)), new Set(["open", "filled"]));
  const fill = bench.published.of("fill").at(-1)?.value;
  assertEquals<unknown>([fill?.clientOrderId, fill?.venueOrderId, fill?.priceTicks], [
    clientOrderId("stop1"),
    outcome.venueOrderId,
    priceTicks(600_000),
  ]);
  const found = await bench.settled(trading.queryOrder(keyOf("stop1"), never));
  assert(found.kind === "found" && found.report.status === "filled", JSON.stringify(found));
  assertEquals(bench.venue.positions(accountId).map((one) => one.positionLots), [0]);
  await bench.settled(bench.adapter.stop());
});

Deno.test("waiting orders are cancelled by id, in batches and by cancelAll(); one that is reached already is refused", async () => {
  const bench = await startedBench();
  const { trading } = bench;
  await long(bench);
  const profit = order("profit1", {
    side: "sell",
    reduceOnly: true,
    pricing: limit(601_000, "GTC"),
    trigger: { kind: "take_profit", triggerPriceTicks: priceTicks(600_900) },
  });
  const orders = [stop("stop1", 599_000), stop("stop2", 598_000), profit, stop("late1", 600_010), {
    ...profit,
    pricing: limit(601_000, "IOC"),
  }];
  const outcomes = await bench.settled(trading.submitBatch?.(orders, never));
  assertEquals(outcomes.map((one) => one.kind === "rejected" ? one.code : one.kind), [
    "acknowledged",
    "acknowledged",
    "acknowledged",
    "invalid_price",
    "unsupported",
  ]);
  assertEquals([...bench.protocol.waitingOrders()].sort(), ["profit1", "stop1", "stop2"]);
  assertEquals(await bench.settled(trading.cancel(keyOf("stop1"), never)), { kind: "acknowledged" });
  const amended = await bench.settled(
    trading.amend?.({
      ...keyOf("stop2"),
      isTrigger: true,
      side: "sell",
      sizeLots: sizeLots(50),
      limitPriceTicks: priceTicks(597_000),
    }, never),
  );
  assertEquals(amended.kind === "rejected" ? amended.code : amended.kind, "unsupported");
  assertEquals(await bench.settled(trading.cancelAll(undefined, never)), { kind: "acknowledged" });
  assertEquals(bench.protocol.waitingOrders(), []);
  await bench.run(200);
  assertEquals(reportsOf(bench, "profit1").at(-1)?.status, "cancelled");
  await bench.settled(bench.adapter.stop());
});

Deno.test("batches go in fives, cancels in tens; each order has its own outcome", async () => {
  const bench = await startedBench();
  const { trading } = bench;
  await bench.settled(trading.submit(order("same1"), never));
  const many = Array.from({ length: 12 }, (_, i) => order(`many${i}`, { sizeLots: sizeLots(10) }));
  const from = bench.requests.length;
  const outcomes = await bench.settled(
    trading.submitBatch?.([
      ...many,
      order("same1"),
      order("band1", { pricing: limit(900_000) }),
      order("little1", { sizeLots: sizeLots(0) }),
      order("rich1", { sizeLots: sizeLots(900_000) }),
    ], never),
  );
  assertEquals(outcomes.slice(0, 12).every(({ kind }) => kind === "acknowledged"), true);
  assertEquals(outcomes.slice(12).map((one) => one.kind === "rejected" ? one.code : one.kind), [
    "duplicate_client_order_id",
    "price_outside_band",
    "invalid_size",
    "insufficient_margin",
  ]);
  assertEquals(bench.requests.slice(from), [
    ...Array.from({ length: 3 }, () => "POST /fapi/v3/batchOrders"),
    "POST /fapi/v3/order",
  ]);
  const cancelFrom = bench.requests.length;
  const keys = [...many.map(({ clientOrderId: id }) => keyOf(id)), keyOf("never1")];
  const cancelled = await bench.settled(trading.cancelBatch?.(keys, never));
  assertEquals(cancelled.map(({ kind }) => kind), [...many.map(() => "acknowledged"), "already_done"]);
  assertEquals(
    bench.requests.slice(cancelFrom),
    Array.from({ length: 2 }, () => "DELETE /fapi/v3/batchOrders"),
  );
  assertEquals(bench.venue.openOrders(accountId).map((one) => one.clientOrderId), ["same1"]);
  await bench.settled(bench.adapter.stop());
});

Deno.test("what matching ends is told with its reason", async () => {
  const bench = await startedBench();
  const { trading } = bench;
  const cases = [
    ["post1", { pricing: limit(600_010, "GTC", true) }, "rejected", "post_only_would_cross"],
    ["fok1", { pricing: limit(600_010, "FOK"), sizeLots: sizeLots(50_000) }, "rejected", "fok_not_filled"],
    ["ioc1", { pricing: limit(599_000, "IOC") }, "cancelled", "ioc_remainder"],
  ] as const;
  for (const [id, change, status, reason] of cases) {
    const outcome = await bench.settled(trading.submit(order(id, change), never));
    assertEquals(outcome.kind, "acknowledged", id);
    await bench.run(200);
    const report = reportsOf(bench, id).at(-1);
    assertEquals([report?.status, report?.reason], [status, reason], id);
  }
  const reduce = await bench.settled(trading.submit(order("reduce1", { reduceOnly: true }), never));
  assertEquals(reduce.kind === "rejected" ? reduce.code : reduce.kind, "reduce_only_would_increase");
  await bench.settled(bench.adapter.stop());
});

Deno.test("the dead man's switch guards a symbol from its first order on, and fires when we are gone", async () => {
  const bench = await startedBench({ deadMansSwitchSeconds: 30 });
  const switches = () => bench.requests.filter((line) => line.endsWith("countdownCancelAll")).length;
  assertEquals(switches(), 0);
  await bench.settled(bench.trading.submit(order("rest1"), never));
  await bench.settled(bench.trading.submit(order("rest2"), never));
  await bench.run(100);
  assertEquals(switches(), 1);
  await bench.run(120_000);
  assertEquals(bench.venue.openOrders(accountId).length, 2);
  assertEquals(bench.published.of("health").at(-1)?.value.deadMansSwitch, "armed");
  bench.process.kill();
  await bench.run(19_000);
  assertEquals(bench.venue.openOrders(accountId).length, 2, "a renewal was at most 10 s ago");
  await bench.run(12_000);
  assertEquals(bench.venue.orderHistory(accountId).map((one) => one.cancelReason), [
    "dead_mans_switch",
    "dead_mans_switch",
  ]);
});

Deno.test("a stop takes the switch back: what is meant to stay at the venue stays", async () => {
  const bench = await startedBench({ deadMansSwitchSeconds: 15 });
  await bench.settled(bench.trading.submit(order("rest1"), never));
  await bench.settled(bench.adapter.stop());
  await bench.run(60_000);
  assertEquals(bench.venue.openOrders(accountId).length, 1);
});

Deno.test("a wall clock that jumps minutes back or a day ahead has no order refused", async () => {
  const bench = await startedBench();
  for (const [at, jumpMs] of [-300_000, 2 * 86_400_000, -86_400_000].entries()) {
    bench.process.jumpClock(jumpMs);
    const outcome = await bench.settled(bench.trading.submit(order(`jump${at}`), never));
    assertEquals(outcome.kind, "acknowledged", JSON.stringify(outcome));
  }
  await bench.settled(bench.adapter.stop());
});

Deno.test("funding payments are told once each, with their sign, and can be asked for", async () => {
  const bench = await startedBench();
  const { published, trading, venue } = bench;
  await bench.settled(
    trading.submit(order("long1", { pricing: limit(600_020), sizeLots: sizeLots(1_000) }), never),
  );
  await bench.run(1_000);
  for (let i = 0; i < 3; i++) {
    bench.market.setMark(60_000);
    venue.applyFunding("BTC-PERP");
    await bench.run(5_000);
  }
  const told = published.of("funding").map(({ value }) => [value.amount, value.asset, value.instrument]);
  // 1 BTC at 60,000 and 1 bps: longs pay 6.
  assertEquals<unknown>(told, Array.from({ length: 3 }, () => [6n * 10n ** 18n, "USDT", btc]));
  await bench.run(600_000);
  assertEquals(published.of("funding").length, 3);
  const asked = await bench.settled(trading.fundingPayments?.(startMs, never));
  assertEquals(
    asked.map((one) => one.paymentId),
    published.of("funding").map(({ value }) => value.paymentId),
  );
  await bench.settled(bench.adapter.stop());
});

Deno.test("fills that nobody told of are asked for page by page, oldest first, each once and under its own id", async () => {
  const bench = await startedBench();
  for (let i = 0; i < 2_500; i++) {
    bench.venue.submit({
      accountId,
      symbol: "BTC-PERP",
      clientOrderId: i < 2_490 ? `other-${i}` : `ours${i}`,
      side: i % 2 === 0 ? "buy" : "sell",
      type: "market",
      timeInForce: "IOC",
      postOnly: false,
      reduceOnly: false,
      sizeLots: 1,
    });
    if (i % 7 === 0) bench.world.clock.advanceTo(bench.world.clock.nowMs() + 1);
  }
  await bench.run(1_000);
  const from = bench.requests.length;
  const fills = await bench.settled(bench.trading.fills(startMs, never));
  assertEquals(fills.length, bench.venue.fills(accountId).length);
  assertEquals(new Set(fills.map((fill) => fill.fillId)).size, fills.length);
  assert(fills.every((fill, at) => at === 0 || (fills[at - 1]?.tsVenueMs ?? 0) <= fill.tsVenueMs));
  assertEquals(fills.at(-1)?.clientOrderId, clientOrderId("ours2499"));
  assertEquals(bench.requests.slice(from).filter((line) => line === "GET /fapi/v3/userTrades").length, 3);
  await bench.settled(bench.adapter.stop());
});

Deno.test("leverage and margin mode are set; what stands already is no refusal", async () => {
  const bench = await startedBench();
  const { trading } = bench;
  for (const mode of ["cross", "isolated", "isolated"] as const) {
    assertEquals(await bench.settled(trading.setLeverage?.(btc, 7, mode, never)), { kind: "acknowledged" });
  }
  await long(bench);
  assertEquals(bench.published.of("position").at(-1)?.value.leverage, 7);
  const tooMuch = await bench.settled(trading.setLeverage?.(btc, 126, "isolated", never));
  assertEquals(tooMuch.kind === "rejected" ? tooMuch.venueCode : tooMuch.kind, "-4028");
  const held = await bench.settled(trading.setLeverage?.(btc, 5, "cross", never));
  assertEquals(held.kind === "rejected" ? held.venueCode : held.kind, "-4048");
  await bench.settled(bench.adapter.stop());
});

Deno.test("klines, funding rates, the venue's time and state can be asked for", async () => {
  const bench = await startedBench();
  const { queries } = bench.adapter;
  assert(queries !== undefined);
  for (let minute = 0; minute < 5; minute++) {
    bench.venue.takeHouse("BTC-PERP", "buy", 10);
    await bench.run(60_000);
  }
  const range = { fromMs: startMs, toMs: bench.world.clock.nowMs() };
  const klines = await bench.settled(queries.klines(btc, "1m", range, never));
  assert(klines.length >= 4 && klines.every(({ volumeBase }) => volumeBase === 0.01), JSON.stringify(klines));
  const nowMs = Math.floor(bench.world.clock.nowMs());
  const nextMs = nowMs + 1_000;
  bench.market.setMark(60_000, nextMs);
  await bench.run(2_000);
  bench.market.setMark(60_000, nextMs + 8 * 3_600_000);
  const rates = await bench.settled(queries.fundingRates(btc, { fromMs: nowMs, toMs: nextMs + 1 }, never));
  assertEquals(rates, [{ fundingRate: 0.0001, intervalHours: undefined, tsVenueMs: nextMs }]);
  assertEquals(await bench.settled(queries.venueStatus(never)), "trading");
  assertEquals(
    Math.abs(await bench.settled(queries.serverTimeMs(never)) - bench.world.clock.nowMs()) < 1_000,
    true,
  );
  await bench.settled(bench.adapter.stop());
});

Deno.test("an account in hedge mode is refused at the start in plain words", async () => {
  const other = await virtualBench();
  const signer = new RequestSigner({
    privateKey: other.credentials["ASTER_AGENT_PRIVATE_KEY"] ?? "",
    user: other.credentials["ASTER_ACCOUNT_ADDRESS"] ?? "",
    network: "testnet",
    nextNonce: () => startMs * 1_000,
  });
  await other.settled(other.protocol.handleRequest(
    new Request("http://venue.test/fapi/v3/positionSide/dual", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: signer.sign("dualSidePosition=true"),
    }),
  ));
  const error = await other.settled(
    other.adapter.start(never).then(() => "", (refusal: Error) => refusal.message),
  );
  assert(error.includes("one-way mode"), error);
});
