/** The adapter against the simulated venue: stops, batches, questions, leverage, tokens, schema versions. */
import { assert, assertEquals } from "@std/assert";
import {
  clientOrderId,
  type OrderRequest,
  parseInstrumentId,
  priceTicks,
  sizeLots,
  venueOrderId,
} from "@berth/sdk";
import { accountId, filled, orderUpdate, simulated, started, withBench } from "../../support/venue_bench.ts";
import { paradex, readOnlyToken } from "./bench.ts";

const btc = parseInstrumentId("paradex:BTC-PERP");

simulated(
  "an order below the minimum is taken in and closed a moment later, as the venue does",
  () =>
    withBench(paradex, {}, async (bench) => {
      const { published, signal, trading } = bench;
      await started(bench);
      const outcome = await trading.submit(bench.market.order("tiny", { sizeLots: sizeLots(10) }), signal);
      assertEquals(outcome.kind, "acknowledged");
      const end = await published.next("its end", orderUpdate("tiny", "rejected"));
      assertEquals([end.reason, end.venueText], ["below_min_notional", "ORDER_SIZE_BELOW_MIN"]);
      const found = await trading.queryOrder({
        instrument: btc,
        clientOrderId: clientOrderId("tiny"),
        venueOrderId: end.venueOrderId,
      }, signal);
      assertEquals(found.kind === "found" && found.report.status, "rejected");
    }),
);

simulated(
  "stops and take-profits wait at the venue, fire at the mark, and keep their ids",
  () =>
    withBench(paradex, {}, async (bench) => {
      const { published, signal, trading, venue } = bench;
      await started(bench);
      await filled(bench, "entry");
      const stop = (id: string, kind: "stop" | "take_profit", triggerTicks: number): OrderRequest =>
        bench.market.order(id, {
          side: "sell",
          reduceOnly: true,
          pricing: { kind: "market", worstPriceTicks: undefined },
          trigger: { kind, triggerPriceTicks: priceTicks(triggerTicks) },
        });
      const placed = await trading.submit(stop("stop1", "stop", 590_000), signal);
      assert(placed.kind === "acknowledged", JSON.stringify(placed));
      const waiting = await published.next(
        "the waiting stop",
        (e) => e.kind === "order" && e.value.triggerPriceTicks !== undefined ? e.value : undefined,
      );
      assertEquals(
        [waiting.status, waiting.triggerPriceTicks, waiting.limitPriceTicks, waiting.venueOrderId],
        [
          "open",
          priceTicks(590_000),
          undefined,
          placed.venueOrderId,
        ],
      );
      await trading.submit(stop("profit1", "take_profit", 610_000), signal);
      await published.next("the waiting profit", orderUpdate("profit1", "open"));
      assertEquals(
        (await trading.openOrders(signal)).map((one) => [one.clientOrderId, one.triggerPriceTicks]),
        [
          [clientOrderId("stop1"), priceTicks(590_000)],
          [clientOrderId("profit1"), priceTicks(610_000)],
        ],
      );
      assertEquals(venue.openOrders(accountId), []);

      bench.market.setMark(59_000.1);
      bench.market.setMark(59_000);
      const done = await published.next("the stop filled", orderUpdate("stop1", "filled"));
      assertEquals([done.venueOrderId, done.triggerPriceTicks], [placed.venueOrderId, undefined]);
      const exit = await published.next(
        "its fill",
        (e) => e.kind === "fill" && e.value.clientOrderId === "stop1" ? e.value : undefined,
      );
      assertEquals([exit.side, exit.venueOrderId], ["sell", placed.venueOrderId]);

      const key = { instrument: btc, clientOrderId: clientOrderId("profit1"), venueOrderId: undefined };
      assertEquals(await trading.cancel(key, signal), { kind: "acknowledged" });
      const cancelled = await published.next("the cancelled profit", orderUpdate("profit1", "cancelled"));
      assertEquals(cancelled.reason, "requested");
      const again = await trading.cancel({ ...key, venueOrderId: cancelled.venueOrderId }, signal);
      assertEquals(again.kind, "already_done");
      const asked = await trading.queryOrder({ ...key, venueOrderId: cancelled.venueOrderId }, signal);
      assertEquals(asked.kind === "found" && asked.report.status, "cancelled");
    }),
);

simulated("the venue refuses triggers of a wrong form", () =>
  withBench(paradex, {}, async (bench) => {
    const { signal, trading } = bench;
    await started(bench);
    const wrong = bench.market.order("off", {
      trigger: { kind: "stop", triggerPriceTicks: priceTicks(0) },
      pricing: { kind: "market", worstPriceTicks: undefined },
    });
    const outcome = await trading.submit(wrong, signal);
    assertEquals(outcome.kind === "rejected" && outcome.venueCode, "INVALID_REQUEST_PARAMETER");
  }));

for (const transport of ["WebSocket", "REST"] as const) {
  simulated(
    `a batch is placed and cancelled over ${transport}, one answer an order`,
    () =>
      withBench(paradex, {}, async (bench) => {
        const { adapter, requests, signal, trading, venue } = bench;
        // The sockets are not up yet when the start returns.
        if (transport === "REST") await adapter.start(signal);
        else await started(bench);
        const ids = Array.from({ length: 12 }, (_, i) => `bt${i}`);
        const outcomes = await trading.submitBatch?.(
          [...ids, "bt0"].map((id) => bench.market.order(id)),
          signal,
        ) ?? [];
        // The second request of ten has a fault of form in it, which refuses all of that request and none of the first.
        assertEquals(outcomes.map((one) => one.kind === "rejected" ? one.code : one.kind), [
          ...Array.from({ length: 10 }, () => "acknowledged"),
          ...Array.from({ length: 3 }, () => "duplicate_client_order_id"),
        ]);
        assertEquals(venue.openOrders(accountId).length, 10);
        const keys = outcomes.flatMap((one, at) =>
          one.kind === "acknowledged"
            ? [{
              instrument: btc,
              clientOrderId: clientOrderId(ids[at] ?? ""),
              venueOrderId: transport === "REST" && at === 3 ? undefined : one.venueOrderId,
            }]
            : []
        );
        const gone = { ...bench.market.order("gone"), venueOrderId: venueOrderId("17") };
        const cancels = await trading.cancelBatch?.([...keys.slice(0, 9), gone], signal) ?? [];
        assertEquals(
          cancels.map(({ kind }) => kind),
          [
            ...Array.from({ length: 9 }, () => "acknowledged"),
            "already_done",
          ],
        );
        assertEquals(venue.openOrders(accountId).map((one) => one.clientOrderId), ["bt9"]);
        assertEquals(requests.some(({ line }) => line === "POST /v1/orders/batch"), transport === "REST");
      }),
  );
}

simulated("the binary messages of every schema version carry markets and account", async () => {
  for (const sbeSchemaVersion of ["0", "1", "2"] as const) {
    await withBench(paradex, { settings: { sbeSchemaVersion } }, async (bench) => {
      const { adapter, published, venue } = bench;
      await started(bench);
      adapter.marketData.subscribe([{ instrument: btc, kinds: ["quotes", "trades", "marks", "books"] }]);
      await published.next(
        "a snapshot",
        (e) => e.kind === "book" && e.value.kind === "snapshot" ? e : undefined,
      );
      venue.takeHouse("BTC-PERP", "buy", 500);
      await published.next("a trade", (e) => e.kind === "trade" ? e : undefined);
      bench.market.setMark(60_001.5);
      const mark = await published.next("a mark", (e) => e.kind === "mark" ? e : undefined);
      assertEquals(mark.fundingRate, 0.0001);
      const done = await filled(bench, "sbe");
      assertEquals(done.filledLots, sizeLots(10_000));
      const fill = await published.next("the fill", (e) => e.kind === "fill" ? e.value : undefined);
      assertEquals([fill.side, fill.priceTicks, fill.liquidity, fill.feeAsset], [
        "buy",
        priceTicks(600_010),
        "taker",
        "USDC",
      ]);
      const position = await published.next(
        "the position",
        (e) => e.kind === "position" && e.value.positionLots !== 0 ? e.value : undefined,
      );
      assertEquals([position.positionLots, position.entryPrice], [sizeLots(10_000), 60_001]);
      await published.next("the balance", (e) => e.kind === "balance" ? e.value : undefined);
    });
  }
});

simulated(
  "klines, past funding, time, status and funding payments are answered",
  () =>
    withBench(paradex, {}, async (bench) => {
      const { adapter, published, signal, trading, venue } = bench;
      await started(bench);
      await filled(bench, "entry");
      const { queries } = adapter;
      assert(queries !== undefined);
      const nowMs = venue.clock.nowMs();
      assert(Math.abs(await queries.serverTimeMs(signal) - nowMs) < 5_000);
      const [kline] = await queries.klines(
        btc,
        "1m",
        { fromMs: nowMs - 600_000, toMs: nowMs + 60_000 },
        signal,
      );
      assertEquals([kline?.closePrice, kline?.volumeBase], [60_001, 0.1]);
      bench.market.setMark(60_010);
      const rates = await queries.fundingRates(btc, { fromMs: nowMs - 60_000, toMs: nowMs + 60_000 }, signal);
      assertEquals(rates.map(({ fundingRate, intervalHours }) => [fundingRate, intervalHours]), [[
        0.0001,
        8,
      ]]);
      venue.applyFunding("BTC-PERP");
      const pushed = await published.next("the payment", (e) => e.kind === "funding" ? e.value : undefined);
      assert(pushed.amount > 0n, "the long side pays a positive rate");
      assertEquals(await trading.fundingPayments?.(nowMs - 60_000, signal), [pushed]);
      assertEquals(await queries.venueStatus(signal), "trading");
      venue.setMaintenance(true);
      assertEquals(await queries.venueStatus(signal), "cancel_only");
      const refused = await trading.submit(bench.market.order("late"), signal);
      assertEquals(refused.kind === "rejected" && refused.code, "maintenance");
    }),
);

simulated(
  "leverage is set for cross margin, whole numbers within the market's limit",
  () =>
    withBench(paradex, {}, async (bench) => {
      const { signal, trading } = bench;
      await started(bench);
      assertEquals(await trading.setLeverage?.(btc, 7, "cross", signal), { kind: "acknowledged" });
      await filled(bench, "lev");
      assertEquals((await trading.positions(signal))[0]?.leverage, 7);
      const over = await trading.setLeverage?.(btc, 1_000, "cross", signal);
      assertEquals(over?.kind === "rejected" && over.venueCode, "INVALID_REQUEST_PARAMETER");
      const isolated = await trading.setLeverage?.(btc, 2, "isolated", signal);
      assertEquals(isolated?.kind === "rejected" && isolated.venueCode, "REQUEST_NOT_ALLOWED");
    }),
);

simulated("with a read-only token the account is seen and not traded", async () => {
  await withBench(paradex, {}, async (bench) => {
    const { published, signal, trading } = bench;
    await started(bench);
    await trading.submit(bench.market.order("own"), signal);
    await published.next("the open order", orderUpdate("own", "open"));
    const token = await readOnlyToken(bench);
    const reader = bench.anotherAdapter({ PARADEX_READ_ONLY_TOKEN: token });
    try {
      await reader.adapter.start(signal);
      await reader.published.next("its private stream", (e) => e.kind === "restored" ? true : undefined);
      const reading = reader.adapter.trading;
      assert(reading !== undefined);
      assertEquals((await reading.openOrders(signal)).map((one) => one.clientOrderId), [
        clientOrderId("own"),
      ]);
      assertEquals((await reading.balances(signal)).length, 1);
      const refused = await reading.submit(bench.market.order("never"), signal);
      assertEquals(refused.kind === "rejected" && refused.code, "permission");
      assertEquals(reader.adapter.capabilities.cancelAll, false);
      bench.market.quoteHouse(-2_000); // fills the resting order
      await reader.published.next("somebody's fill", (e) => e.kind === "fill" ? e : undefined);
      // The venue itself refuses what the adapter would never send.
      const answer = await fetch(`${bench.endpoints["rest"]}/orders`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${token}` },
      });
      assertEquals([answer.status, (await answer.json()).error], [403, "INVALID_TOKEN_SCOPE"]);
    } finally {
      await reader.adapter.stop();
    }
  });
});
