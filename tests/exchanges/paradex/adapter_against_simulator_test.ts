/** The adapter against the simulated venue, both over real sockets: market data and orders. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BerthError, clientOrderId, priceTicks, sizeLots } from "@berth/sdk";
import {
  accountId,
  btc,
  ioc,
  order,
  orderUpdate,
  quoteHouse,
  setMark,
  simulated,
  started,
  withBench,
} from "./simulated.ts";

simulated("instruments, quotes, trades, marks and books arrive", () =>
  withBench({}, async (bench) => {
    const { adapter, published, venue } = bench;
    await started(bench);
    const instrument = await published.next("the instrument", (e) =>
      e.kind === "instrument" ? e.value : undefined);
    assertEquals([instrument.id, instrument.tick.text, instrument.lot.text, instrument.settlementAsset], [
      btc,
      "0.1",
      "0.00001",
      "USDC",
    ]);
    adapter.marketData.subscribe([{ instrument: btc, kinds: ["quotes", "trades", "marks", "books"] }]);
    const snapshot = await published.next(
      "a book snapshot",
      (e) =>
        e.kind === "book" && e.value.kind === "snapshot" ? e.value : undefined,
    );
    assertEquals(snapshot.bids[0], { priceTicks: priceTicks(600_000), sizeLots: sizeLots(100_000) });
    assertEquals(snapshot.asks[0], { priceTicks: priceTicks(600_010), sizeLots: sizeLots(100_000) });
    quoteHouse(venue, 20);
    await published.next("the moved quote", (e) =>
      e.kind === "quote" && e.bid === 60_002 && e.ask === 60_003 && e.source === "stream" ? e : undefined);
    await published.next("a book delta", (e) =>
      e.kind === "book" && e.value.kind === "delta" ? e : undefined);
    venue.takeHouse("BTC-PERP", "buy", 500);
    const trade = await published.next("a trade", (e) =>
      e.kind === "trade" ? e : undefined);
    assertEquals([trade.price, trade.sizeBase], [60_003, 0.005]);
    setMark(venue, 60_001.5);
    const mark = await published.next("a mark", (e) =>
      e.kind === "mark" ? e : undefined);
    assertEquals([mark.markPrice, mark.indexPrice, mark.fundingRate], [60_001.5, 60_002.5, 0.0001]);
    const health = await published.next("health", (e) =>
      e.kind === "health" && e.value.latencyAverageMs !== undefined ? e.value : undefined);
    assertEquals([health.marketData, health.privateStream, health.gaps], ["connected", "connected", 0]);
  }));

simulated(
  "an order rests, is changed and cancelled, and every query agrees",
  () =>
    withBench({}, async (bench) => {
      const { published, signal, trading, venue } = bench;
      await started(bench);
      const outcome = await trading.submit(order("rest1"), signal);
      assert(outcome.kind === "acknowledged", JSON.stringify(outcome));
      const open = await published.next("the open order", orderUpdate("rest1", "open"));
      assertEquals([open.sizeLots, open.filledLots, open.limitPriceTicks, open.venueOrderId], [
        sizeLots(1_000),
        sizeLots(0),
        priceTicks(599_000),
        outcome.venueOrderId,
      ]);
      assertEquals(venue.openOrders(accountId).map((one) => one.clientOrderId), ["rest1"]);
      assertEquals((await trading.openOrders(signal)).map((one) => one.clientOrderId), [
        clientOrderId("rest1"),
      ]);

      const key = {
        instrument: btc,
        clientOrderId: clientOrderId("rest1"),
        venueOrderId: outcome.venueOrderId,
      };
      const changed = await trading.amend?.(
        { ...key, side: "buy", sizeLots: sizeLots(2_000), limitPriceTicks: priceTicks(598_000) },
        signal,
      );
      assertEquals(changed?.kind, "acknowledged");
      await published.next("the changed order", (e) =>
        e.kind === "order" && e.value.sizeLots === 2_000 && e.value.limitPriceTicks === 598_000
          ? e
          : undefined);
      assertEquals(
        venue.openOrders(accountId).map((one) =>
          one.sizeLots
        ),
        [2_000],
      );

      const found = await trading.queryOrder({ ...key, venueOrderId: undefined }, signal);
      assert(found.kind === "found" && found.report.status === "open");
      assertEquals(await trading.cancel(key, signal), { kind: "acknowledged" });
      const cancelled = await published.next("the cancelled order", orderUpdate("rest1", "cancelled"));
      assertEquals(cancelled.reason, "requested");
      const again = await trading.cancel(key, signal);
      assertEquals(again.kind, "already_done");
      for (const venueId of [outcome.venueOrderId, undefined]) {
        const closed = await trading.queryOrder({ ...key, venueOrderId: venueId }, signal);
        assert(closed.kind === "found" && closed.report.status === "cancelled", JSON.stringify(closed));
      }
      const missing = { ...key, clientOrderId: clientOrderId("never1"), venueOrderId: undefined };
      assertEquals(await trading.queryOrder(missing, signal), { kind: "not_found" });
      assertEquals((await trading.cancel(missing, signal)).kind, "rejected");
    }),
);

simulated(
  "a taker order fills: order, fill, position and balance agree with the venue's ledger",
  () =>
    withBench({}, async (bench) => {
      const { published, signal, trading, venue } = bench;
      await started(bench);
      const outcome = await trading.submit(order("take1", { pricing: ioc(600_020) }), signal);
      assert(outcome.kind === "acknowledged", JSON.stringify(outcome));
      const fill = await published.next("the fill", (e) => e.kind === "fill" ? e.value : undefined);
      const [booked] = venue.fills(accountId);
      assertEquals([fill.side, fill.priceTicks, fill.sizeLots, fill.liquidity, fill.clientOrderId], [
        "buy",
        priceTicks(600_010),
        sizeLots(1_000),
        "taker",
        clientOrderId("take1"),
      ]);
      assertEquals<bigint | undefined>(fill.fee, booked?.fee);
      const filled = await published.next("the filled order", orderUpdate("take1", "filled"));
      assertEquals(filled.filledLots, sizeLots(1_000));
      const position = await published.next(
        "the position",
        (e) => e.kind === "position" && e.value.positionLots !== 0 ? e.value : undefined,
      );
      assertEquals([position.positionLots, position.entryPrice], [sizeLots(1_000), 60_001]);
      await published.next("the balance", (e) => e.kind === "balance" ? e.value : undefined);

      assertEquals((await trading.positions(signal)).map((p) => p.positionLots), [sizeLots(1_000)]);
      assertEquals((await trading.fills(0, signal)).map((f) => [f.fillId, f.fee]), [[fill.fillId, fill.fee]]);
      assertEquals(await trading.fills(Date.now() + 60_000, signal), []);
      const [balance] = await trading.balances(signal);
      assertEquals<bigint | undefined>(balance?.total, venue.account(accountId).cash);

      // The way back, reduce-only, as a market order with a worst price.
      const close = order("close1", {
        side: "sell",
        reduceOnly: true,
        pricing: { kind: "market", worstPriceTicks: priceTicks(599_900) },
      });
      const from = published.events.length;
      assertEquals((await trading.submit(close, signal)).kind, "acknowledged");
      await published.next(
        "the flat position",
        (e) => e.kind === "position" && e.value.positionLots === 0 ? true : undefined,
        from,
      );
      assertEquals(venue.positions(accountId).map((p) => p.positionLots), [0]);
    }),
);

simulated("a market order without a bound fills", () =>
  withBench({}, async (bench) => {
    const { published, signal, trading } = bench;
    await started(bench);
    const market = order("market1", { pricing: { kind: "market", worstPriceTicks: undefined } });
    const outcome = await trading.submit(market, signal);
    assert(outcome.kind === "acknowledged", JSON.stringify(outcome));
    await published.next("the filled order", orderUpdate("market1", "filled"));
  }));

simulated(
  "orders that risk or matching refuses are rejected with a reason",
  () =>
    withBench({}, async (bench) => {
      const { published, signal, trading } = bench;
      await started(bench);
      const cases = [
        ["post1", {
          pricing: {
            kind: "limit",
            limitPriceTicks: priceTicks(600_010),
            timeInForce: "GTC",
            postOnly: true,
          },
        }, "post_only_would_cross"],
        ["margin1", { sizeLots: sizeLots(9_000_000) }, "insufficient_margin"],
        ["tiny1", { sizeLots: sizeLots(1) }, "below_min_notional"],
        ["reduce1", { reduceOnly: true, side: "sell", pricing: ioc(600_000) }, "reduce_only_would_increase"],
      ] as const;
      for (const [id, change, code] of cases) {
        const outcome = await trading.submit(order(id, change), signal);
        // Where the venue answers with a general validation error, its words are passed on, not guessed at.
        const isGeneral = outcome.kind === "rejected" && outcome.venueCode === "VALIDATION_ERROR";
        if (isGeneral) assertEquals(outcome.code, "other");
        else if (outcome.kind === "rejected") assertEquals(outcome.code, code, `${id}: ${outcome.venueText}`);
        else {
          assert(outcome.kind === "acknowledged", JSON.stringify(outcome));
          assertEquals((await published.next(id, orderUpdate(id, "rejected"))).reason, code, id);
        }
      }
      const unfilled = await trading.submit(order("ioc1", { pricing: ioc(599_000) }), signal);
      assertEquals(unfilled.kind, "acknowledged");
      const ended = await published.next("the IOC order", orderUpdate("ioc1", "cancelled"));
      assertEquals([ended.reason, ended.filledLots], ["ioc_remainder", sizeLots(0)]);
      assertEquals((await trading.submit(order("same1"), signal)).kind, "acknowledged");
      await published.next("the first of two", orderUpdate("same1", "open"));
      const twice = await trading.submit(order("same1"), signal);
      assert(twice.kind === "rejected" && twice.code === "duplicate_client_order_id", JSON.stringify(twice));
    }),
);

simulated("cancelAll() takes every order back", () =>
  withBench({}, async (bench) => {
    const { published, signal, trading, venue } = bench;
    await started(bench);
    for (const id of ["all1", "all2", "all3"]) {
      assertEquals((await trading.submit(order(id), signal)).kind, "acknowledged");
      await published.next(id, orderUpdate(id, "open"));
    }
    assertEquals(await trading.cancelAll(btc, signal), { kind: "acknowledged" });
    for (const id of ["all1", "all2", "all3"]) await published.next(id, orderUpdate(id, "cancelled"));
    assertEquals(venue.openOrders(accountId), []);
  }));

simulated(
  "a wrong key is refused in the venue's words",
  () =>
    withBench({ credentials: { PARADEX_PRIVATE_KEY: "0x1234567" } }, async ({ adapter, signal }) => {
      const error = await assertRejects(() => adapter.start(signal), BerthError);
      assertEquals(error.code, "VENUE_REFUSED");
      assert(/STARKNET_SIGNATURE_VERIFICATION_FAILED|INVALID_SUBKEY/.test(error.message), error.message);
      assertEquals(error.message.includes("1234567"), false);
    }),
);

simulated(
  "without a connection orders go by REST, with the same outcomes",
  () =>
    withBench({}, async (bench) => {
      const { adapter, requests, signal, trading, venue } = bench;
      // The sockets are not up yet when the start returns.
      await adapter.start(signal);
      const outcome = await trading.submit(order("byrest1"), signal);
      assert(outcome.kind === "acknowledged", JSON.stringify(outcome));
      assert(requests.includes("POST /v1/orders"));
      assertEquals(venue.order(accountId, { clientOrderId: "byrest1" })?.status, "open");
      const twice = await trading.submit(order("byrest1"), signal);
      assert(twice.kind === "rejected" && twice.code === "duplicate_client_order_id", JSON.stringify(twice));
    }),
);

simulated(
  "an account that never called the venue is onboarded on the way",
  () =>
    withBench({ isOnboarded: false }, async (bench) => {
      await started(bench);
      assertEquals(bench.requests.filter((request) => request.startsWith("POST")).slice(0, 3), [
        bench.requests.find((request) => request.startsWith("POST /v1/auth/")) ?? "",
        "POST /v1/onboarding",
        bench.requests.find((request) => request.startsWith("POST /v1/auth/")) ?? "",
      ]);
      assertEquals((await bench.trading.submit(order("first1"), bench.signal)).kind, "acknowledged");
    }),
);
