/** What is particular to OKX's adapter against its simulated venue. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BerthError, parseInstrumentId, sizeLots } from "@berth/sdk";
import {
  accountId,
  limit,
  orderUpdate,
  type SentRequest,
  simulated,
  started,
  withBench,
} from "../../support/venue_bench.ts";
import { testAdapterContract } from "../adapter_contract.ts";
import { okx } from "./bench.ts";

const btc = parseInstrumentId("okx:BTC-PERP");

testAdapterContract({
  subject: okx,
  lot: "0.0001",
  settlementAsset: "USDT",
  takerFee: 3_000_050_000_000_000_000n, // 60,001 × 0.1 BTC × 5 bps
  orderRequest: "POST /api/v5/trade/order",
  cancelOfNothing: "already_done",
  takesUnboundedMarket: true,
  hasBookDeltas: true,
  tooMany: "rejected",
});

for (const quoteChannel of ["tickers", "books5"] as const) {
  simulated(
    `quotes come from ${quoteChannel} where that is set`,
    () =>
      withBench(okx, { settings: { quoteChannel } }, async (bench) => {
        await started(bench);
        bench.adapter.marketData.subscribe([{ instrument: btc, kinds: ["quotes"] }]);
        const quote = await bench.published.next("a quote", (e) => e.kind === "quote" ? e : undefined);
        assertEquals([quote.bid, quote.bidSize, quote.ask, quote.askSize], [60_000, 10, 60_001, 10]);
      }),
  );
}

simulated(
  "an order that trades with several takes a fill for each, and no id twice",
  () =>
    withBench(okx, {}, async (bench) => {
      const { published, signal, trading, venue } = bench;
      await started(bench);
      venue.takeHouse("BTC-PERP", "buy", 99_500);
      await trading.submit(bench.market.order("several1", { pricing: limit(600_040) }), signal);
      await published.next("the filled order", orderUpdate("several1", "filled"));
      const told = published.of("fill").map(({ value }) => value);
      assertEquals(told.reduce((sum, fill) => sum + fill.sizeLots, 0), 1_000);
      assert(told.length > 1, "the order met one price only");
      assertEquals(new Set(told.map((fill) => fill.fillId)).size, told.length);
      assertEquals(
        (await trading.fills(0, signal)).map((f) => f.fillId).sort(),
        told.map((f) => f.fillId).sort(),
      );
    }),
);

simulated(
  "orders that risk or matching refuses are rejected with a reason",
  () =>
    withBench(okx, {}, async (bench) => {
      const { published, signal, trading } = bench;
      await started(bench);
      const cases = [
        ["post1", { pricing: limit(600_010, "GTC", true) }, "post_only_would_cross"],
        ["fok1", { pricing: limit(600_010, "FOK"), sizeLots: sizeLots(150_000) }, "fok_not_filled"],
        ["margin1", { sizeLots: sizeLots(9_000_000) }, "insufficient_margin"],
        ["band1", { pricing: limit(900_000, "GTC") }, "price_outside_band"],
        [
          "reduce1",
          { reduceOnly: true, side: "sell", pricing: limit(600_000) },
          "reduce_only_would_increase",
        ],
      ] as const;
      for (const [id, change, code] of cases) {
        const outcome = await trading.submit(bench.market.order(id, change), signal);
        if (outcome.kind === "rejected") assertEquals(outcome.code, code, `${id}: ${outcome.venueText}`);
        else {
          assert(outcome.kind === "acknowledged", JSON.stringify(outcome));
          assertEquals((await published.next(id, orderUpdate(id, "rejected"))).reason, code, id);
        }
      }
      const unfilled = await trading.submit(bench.market.order("ioc1", { pricing: limit(599_000) }), signal);
      assertEquals(unfilled.kind, "acknowledged");
      const ended = await published.next("the IOC order", orderUpdate("ioc1", "cancelled"));
      assertEquals([ended.reason, ended.filledLots], ["ioc_remainder", sizeLots(0)]);
      assertEquals((await trading.submit(bench.market.order("same1"), signal)).kind, "acknowledged");
      await published.next("the first of two", orderUpdate("same1", "open"));
      const twice = await trading.submit(bench.market.order("same1"), signal);
      assert(twice.kind === "rejected" && twice.code === "duplicate_client_order_id", JSON.stringify(twice));
    }),
);

simulated(
  "cancelAll() takes every order back, more than a batch of them",
  () =>
    withBench(okx, {}, async (bench) => {
      const { published, signal, trading, venue } = bench;
      await started(bench);
      const ids = Array.from({ length: 23 }, (_, i) => `all${i}`);
      for (const id of ids) {
        assertEquals(
          (await trading.submit(bench.market.order(id, { sizeLots: sizeLots(10) }), signal)).kind,
          "acknowledged",
        );
      }
      assertEquals(await trading.cancelAll(btc, signal), { kind: "acknowledged" });
      for (const id of ids) await published.next(id, orderUpdate(id, "cancelled"));
      assertEquals(venue.openOrders(accountId), []);
      assertEquals(await trading.cancelAll(undefined, signal), { kind: "acknowledged" });
    }),
);

simulated("leverage is set", () =>
  withBench(okx, {}, async (bench) => {
    const { published, signal, trading } = bench;
    await started(bench);
    assertEquals(await trading.setLeverage?.(btc, 3, "cross", signal), { kind: "acknowledged" });
    await trading.submit(bench.market.order("lever1", { pricing: limit(600_020) }), signal);
    const position = await published.next(
      "the position",
      (e) => e.kind === "position" && e.value.positionLots !== 0 ? e.value : undefined,
    );
    assertEquals(position.leverage, 3);
    const refused = await trading.setLeverage?.(btc, 1_000, "cross", signal);
    assertEquals(refused?.kind === "rejected" ? refused.venueCode : refused, "59102");
  }));

simulated(
  "a wrong key is refused in the venue's words, and not repeated in them",
  () =>
    withBench(okx, { credentials: { OKX_SECRET_KEY: "WRONGSECRET1234567" } }, async ({ adapter, signal }) => {
      const error = await assertRejects(() => adapter.start(signal), BerthError);
      assertEquals(error.code, "VENUE_REFUSED");
      assert(error.message.includes("50113"), error.message);
      assertEquals(error.message.includes("WRONGSECRET"), false);
    }),
);

simulated(
  "the dead man's switch is armed at start and disarmed at a stop",
  () =>
    withBench(okx, { settings: { deadMansSwitchSeconds: 10 } }, async (bench) => {
      await started(bench);
      const isSwitch = ({ line }: SentRequest) => line === "POST /api/v5/trade/cancel-all-after";
      assertEquals(bench.requests.filter(isSwitch).length, 1);
      assertEquals(bench.adapter.capabilities.deadMansSwitch, true);
      await bench.adapter.stop();
      assertEquals(bench.requests.filter(isSwitch).length, 2);
    }),
);
