/** What is particular to EdgeX's adapter against its simulated venue. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BerthError, clientOrderId, parseInstrumentId, priceTicks, sizeLots } from "@berth/sdk";
import { accountId, limit, orderUpdate, simulated, started, withBench } from "../../support/venue_bench.ts";
import { testAdapterContract } from "../adapter_contract.ts";
import { edgex } from "./bench.ts";

const btc = parseInstrumentId("edgex:BTC-PERP");

testAdapterContract({
  subject: edgex,
  lot: "0.001",
  settlementAsset: "USDC",
  takerFee: 2_700_045_000_000_000_000n, // 60,001 × 0.1 BTC × 4.5 bps
  orderRequest: "POST /api/v2/private/order/createOrder",
  cancelOfNothing: "already_done",
  takesUnboundedMarket: true,
  hasBookDeltas: true,
  tooMany: "unknown",
});

simulated(
  "terms of the instrument are the venue's",
  () =>
    withBench(edgex, {}, async (bench) => {
      await started(bench);
      const one = await bench.published.next(
        "the instrument",
        (e) => e.kind === "instrument" ? e.value : undefined,
      );
      assertEquals([one.venueSymbol, one.makerFeeBps, one.takerFeeBps], ["BTCUSD", 1.8, 4.5]);
      assertEquals([one.maxLeverage, one.fundingIntervalHours, one.maxSizeLots], [100, 4, 200_000]);
    }),
);

simulated(
  "what the venue refuses, at once or after it took it in, ends in berth's codes",
  () =>
    withBench(edgex, {}, async (bench) => {
      const { published, signal, trading } = bench;
      await started(bench);
      const cases = [
        ["post1", { pricing: limit(600_010, "GTC", true) }, "rejected", "post_only_would_cross"],
        [
          "fok1",
          { pricing: limit(600_010, "FOK"), sizeLots: sizeLots(15_000) },
          "rejected",
          "fok_not_filled",
        ],
        ["band1", { pricing: limit(900_000, "GTC") }, "rejected", "price_outside_band"],
        ["size1", { sizeLots: sizeLots(200_001) }, "rejected", "invalid_size"],
        ["margin1", { sizeLots: sizeLots(190_000) }, "cancelled", "insufficient_margin"],
        [
          "reduce1",
          { reduceOnly: true, side: "sell", pricing: limit(600_000) },
          "cancelled",
          "reduce_only",
        ],
        ["ioc1", { pricing: limit(599_000) }, "cancelled", "ioc_remainder"],
      ] as const;
      for (const [id, change, status, reason] of cases) {
        const outcome = await trading.submit(bench.market.order(id, change), signal);
        if (outcome.kind === "rejected") assertEquals([status, outcome.code], ["rejected", reason], id);
        else {
          assert(outcome.kind === "acknowledged", JSON.stringify(outcome));
          assertEquals((await published.next(id, orderUpdate(id, status))).reason, reason, id);
        }
      }
    }),
);

simulated(
  "a stop waits at the venue, keeps its id when its price is reached, and fills",
  () =>
    withBench(edgex, {}, async (bench) => {
      const { market, published, signal, trading } = bench;
      await started(bench);
      await trading.submit(market.order("open1", { pricing: limit(600_100) }), signal);
      await published.next("the position", orderUpdate("open1", "filled"));
      const stop = market.order("stop1", {
        side: "sell",
        reduceOnly: true,
        pricing: { kind: "market", worstPriceTicks: priceTicks(590_000) },
        trigger: { kind: "stop", triggerPriceTicks: priceTicks(595_000) },
      });
      const placed = await trading.submit(stop, signal);
      assert(placed.kind === "acknowledged", JSON.stringify(placed));
      const waiting = await published.next("the waiting stop", orderUpdate("stop1", "open"));
      assertEquals([waiting.triggerPriceTicks, waiting.reduceOnly], [priceTicks(595_000), true]);
      const open = await trading.openOrders(signal);
      assertEquals(open.map(({ triggerPriceTicks, venueOrderId }) => [triggerPriceTicks, venueOrderId]), [
        [priceTicks(595_000), placed.venueOrderId],
      ]);
      market.setMark(59_499);
      const filled = await published.next("the filled stop", orderUpdate("stop1", "filled"));
      assertEquals([filled.venueOrderId, filled.triggerPriceTicks], [placed.venueOrderId, undefined]);
      const fills = await trading.fills(0, signal);
      assertEquals(fills.map(({ clientOrderId: id }) => id), [
        clientOrderId("open1"),
        clientOrderId("stop1"),
      ]);
      assertEquals(fills.at(-1)?.venueOrderId, placed.venueOrderId);
    }),
);

simulated(
  "a take-profit is taken back before its price is reached",
  () =>
    withBench(edgex, {}, async (bench) => {
      const { market, published, signal, trading } = bench;
      await started(bench);
      const order = market.order("profit1", {
        side: "sell",
        pricing: limit(650_000, "GTC"),
        trigger: { kind: "take_profit", triggerPriceTicks: priceTicks(620_000) },
      });
      assertEquals((await trading.submit(order, signal)).kind, "acknowledged");
      await published.next("the waiting order", orderUpdate("profit1", "open"));
      const key = { instrument: btc, clientOrderId: order.clientOrderId, venueOrderId: undefined };
      assertEquals(await trading.cancel(key, signal), { kind: "acknowledged" });
      await published.next("the cancelled order", orderUpdate("profit1", "cancelled"));
      assertEquals((await trading.cancel(key, signal)).kind, "already_done");
      const found = await trading.queryOrder(key, signal);
      assert(found.kind === "found" && found.report.status === "cancelled", JSON.stringify(found));
      const postOnly = { ...order, pricing: limit(650_000, "GTC", true) };
      const refused = await trading.submit(postOnly, signal);
      assert(refused.kind === "rejected" && refused.code === "unsupported");
    }),
);

simulated(
  "leverage and margin mode are set, and refused while orders are open",
  () =>
    withBench(edgex, {}, async (bench) => {
      const { market, published, signal, trading, venue } = bench;
      await started(bench);
      assertEquals(await trading.setLeverage?.(btc, 5, "cross", signal), { kind: "acknowledged" });
      assertEquals(await trading.setLeverage?.(btc, 4, "isolated", signal), { kind: "acknowledged" });
      await trading.submit(market.order("lever1", { pricing: limit(600_100) }), signal);
      const position = await published.next(
        "the position",
        (e) => e.kind === "position" && e.value.positionLots !== 0 ? e.value : undefined,
      );
      assertEquals([position.leverage, venue.positions(accountId)[0]?.leverage], [4, 4]);
      assertEquals((await trading.setLeverage?.(btc, 1_000, "cross", signal))?.kind, "rejected");
      await trading.submit(market.order("rest1"), signal);
      const refused = await trading.setLeverage?.(btc, 3, "cross", signal);
      assertEquals(
        refused?.kind === "rejected" ? refused.venueCode : refused,
        "ACCOUNT_UPDATE_LEVERAGE_FAILED_ORDER",
      );
    }),
);

simulated(
  "a funding payment comes by the stream, and can be asked for",
  () =>
    withBench(edgex, {}, async (bench) => {
      const { market, published, signal, trading, venue } = bench;
      await started(bench);
      await trading.submit(market.order("hold1", { pricing: limit(600_100) }), signal);
      await published.next("the fill", (e) => e.kind === "fill" ? e : undefined);
      venue.applyFunding("BTC-PERP");
      const paid = await published.next("the payment", (e) => e.kind === "funding" ? e.value : undefined);
      const [position] = venue.positions(accountId);
      assertEquals<bigint | undefined>(paid.amount, position?.fundingPaid);
      assertEquals(await trading.fundingPayments?.(0, signal), [paid]);
      const { cash } = venue.account(accountId);
      await published.next(
        "the balance after it",
        (e) => e.kind === "balance" && e.value.total === cash ? true : undefined,
      );
    }),
);

simulated(
  "with half of the pushes lost, what is pushed later can still be read",
  () =>
    withBench(edgex, { faults: { dropPrivatePush: 0.5 } }, async (bench) => {
      const { market, published, signal, trading } = bench;
      await started(bench);
      for (let count = 0; count < 12; count++) {
        const order = market.order(`drop${count}`);
        assertEquals((await trading.submit(order, signal)).kind, "acknowledged");
        const key = { instrument: btc, clientOrderId: order.clientOrderId, venueOrderId: undefined };
        assertEquals(await trading.cancel(key, signal), { kind: "acknowledged" });
      }
      const ended = new Set(
        published.of("order").filter(({ value }) => value.status === "cancelled")
          .map(({ value }) => value.clientOrderId),
      );
      assert(ended.size > 0);
      assertEquals(bench.log.lines.filter(({ message }) => message.includes("can't be read")), []);
    }),
);

simulated(
  "a key that the venue does not know is refused, and not repeated in its words",
  () =>
    withBench(edgex, { credentials: { EDGEX_API_KEY: "made-up-key-000" } }, async ({ adapter, signal }) => {
      const error = await assertRejects(() => adapter.start(signal), BerthError);
      assertEquals(error.code, "VENUE_REFUSED");
      assert(error.message.includes("INVALID_API_KEY"), error.message);
      assertEquals(error.message.includes("made-up-key"), false);
    }),
);

simulated(
  "without secrets there is market data and no trading",
  () =>
    withBench(edgex, {}, async ({ anotherAdapter, market, signal }) => {
      const { adapter, published } = anotherAdapter({});
      try {
        assertEquals(adapter.trading, undefined);
        await adapter.start(signal);
        adapter.marketData.subscribe([{ instrument: market.instrument, kinds: ["quotes"] }]);
        await published.next("a quote", (e) => e.kind === "quote" ? e : undefined);
      } finally {
        await adapter.stop();
      }
    }),
);

simulated("klines, funding rates, time and status are told", () =>
  withBench(edgex, {}, async (bench) => {
    const { adapter, signal, venue } = bench;
    await started(bench);
    venue.takeHouse("BTC-PERP", "buy", 50);
    const { queries } = adapter;
    assert(queries !== undefined);
    const nowMs = Date.now();
    const range = { fromMs: nowMs - 3_600_000, toMs: nowMs + 60_000 };
    const [kline] = await queries.klines(btc, "1m", range, signal);
    assertEquals([kline?.openPrice, kline?.volumeBase], [60_001, 0.05]);
    await assertRejects(() => queries.klines(btc, "3m", range, signal), BerthError, "no klines of 3m");
    assertEquals(await queries.fundingRates(btc, range, signal), []);
    assert(Math.abs(await queries.serverTimeMs(signal) - Date.now()) < 5_000);
    assertEquals(await queries.venueStatus(signal), "trading");
    venue.setMaintenance(true);
    assertEquals(await queries.venueStatus(signal), "halted");
  }));

simulated("every setting is seen at the venue", () =>
  withBench(
    edgex,
    { settings: { bookLevels: "15", triggerPriceType: "LAST_PRICE", ordersPerMinute: 12 } },
    async (bench) => {
      const { adapter, market, published, requests, signal, trading } = bench;
      await started(bench);
      adapter.marketData.subscribe([{ instrument: btc, kinds: ["quotes", "books"] }]);
      await published.next("a quote", (e) => e.kind === "quote" ? e : undefined);
      await published.next("a book of the same channel", (e) => e.kind === "book" ? e : undefined);
      const stop = market.order("stop1", {
        side: "sell",
        pricing: limit(580_000, "GTC"),
        trigger: { kind: "stop", triggerPriceTicks: priceTicks(590_000) },
      });
      await trading.submit(stop, signal);
      assert(requests.at(-1)?.body.includes('"triggerPriceType":"LAST_PRICE"'));
      // Two at once at this pace, of which a part is kept for orders that reduce.
      const outcome = await trading.submit(market.order("over1"), signal);
      assert(outcome.kind === "rejected" && outcome.code === "rate_limited", JSON.stringify(outcome));
    },
  ));
