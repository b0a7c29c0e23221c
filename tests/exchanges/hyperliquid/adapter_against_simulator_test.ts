/** What is particular to Hyperliquid's adapter against its simulated venue. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BerthError,
  clientOrderId,
  type OrderRequest,
  parseInstrumentId,
  priceTicks,
  sizeLots,
} from "@berth/sdk";
import { accountId, limit, orderUpdate, simulated, started, withBench } from "../../support/venue_bench.ts";
import { testAdapterContract } from "../adapter_contract.ts";
import { cloidOf } from "../../../exchanges/hyperliquid/client_ids.ts";
import { hyperliquid, hyperliquidAfter } from "./bench.ts";

const btc = parseInstrumentId("hyperliquid:BTC-PERP");

testAdapterContract({
  subject: hyperliquid,
  lot: "0.00001",
  settlementAsset: "USDC",
  takerFee: 2_700_045_000_000_000_000n, // 60,001 × 0.1 BTC × 4.5 bps
  orderRequest: "POST /exchange",
  cancelOfNothing: "already_done",
  takesUnboundedMarket: false,
  hasBookDeltas: false,
  tooMany: "unknown",
});

simulated(
  "terms of the instrument are the account's and the venue's",
  () =>
    withBench(hyperliquid, {}, async (bench) => {
      await started(bench);
      const one = await bench.published.next(
        "the instrument",
        (e) => e.kind === "instrument" ? e.value : undefined,
      );
      assertEquals([one.maxPriceFigures, one.minNotional, one.maxLeverage], [5, 10, 40]);
      assertEquals([one.makerFeeBps, one.takerFeeBps, one.fundingIntervalHours], [1.5, 4.5, 1]);
    }),
);

simulated(
  "an order that is changed has a new number; by its old one it is neither ended nor changed",
  () =>
    withBench(hyperliquid, {}, async (bench) => {
      const { market, published, signal, trading, venue } = bench;
      await started(bench);
      const id = clientOrderId("b0000rest000000000001");
      const placed = await trading.submit(market.order(id), signal);
      assert(placed.kind === "acknowledged");
      assertEquals(venue.openOrders(accountId).map((one) => one.clientOrderId), [cloidOf(id)]);
      const key = { instrument: btc, clientOrderId: id, venueOrderId: placed.venueOrderId };
      const change = { sizeLots: sizeLots(20_000), limitPriceTicks: priceTicks(598_000) };
      const changed = await trading.amend?.({ ...key, side: "buy", ...change }, signal);
      assert(changed?.kind === "acknowledged", JSON.stringify(changed));
      assert(changed.venueOrderId !== placed.venueOrderId);
      await published.next(
        "the changed order",
        (e) => e.kind === "order" && e.value.sizeLots === 20_000 ? e : undefined,
      );
      // The cancel of its old number is no end of the order.
      assertEquals(published.of("order").filter((e) => e.value.status !== "open"), []);
      const found = await trading.queryOrder({ ...key, venueOrderId: undefined }, signal);
      assert(found.kind === "found");
      assertEquals(found.report.venueOrderId, changed.venueOrderId);
      assertEquals(await trading.cancel(key, signal), { kind: "acknowledged" });
      await published.next("the cancelled order", orderUpdate(id, "cancelled"));
      assertEquals((await trading.amend?.({ ...key, side: "buy", ...change }, signal))?.kind, "already_done");
    }),
);

simulated(
  "a worst price of six figures is rounded to the five that the venue takes, never beyond",
  () =>
    withBench(hyperliquid, {}, async (bench) => {
      const { market, signal, trading, venue } = bench;
      await started(bench);
      const pricing = { kind: "market", worstPriceTicks: priceTicks(599_903) } as const;
      await trading.submit(market.order("close1", { side: "sell", pricing }), signal);
      assertEquals(venue.orderHistory(accountId).at(-1)?.limitPriceTicks, 599_910);
    }),
);

simulated(
  "trades of the past are not told again after a reconnect",
  () =>
    withBench(hyperliquid, {}, async (bench) => {
      const { adapter, published, venue } = bench;
      await started(bench);
      // Before the subscription: the venue repeats it, the adapter does not take it for news.
      venue.takeHouse("BTC-PERP", "buy", 1_000);
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      adapter.marketData.subscribe([{ instrument: btc, kinds: ["trades", "quotes"] }]);
      await published.next("a quote", (e) => e.kind === "quote" ? e : undefined);
      venue.takeHouse("BTC-PERP", "sell", 2_000);
      const first = await published.next("a trade", (e) => e.kind === "trade" ? e : undefined);
      assertEquals([first.side, first.sizeBase], ["sell", 0.02]);
      const from = published.events.length;
      await bench.restartSimulator();
      await published.next("a quote again", (e) => e.kind === "quote" ? e : undefined, from);
      venue.takeHouse("BTC-PERP", "sell", 3_000);
      await published.next("the new trade", (e) => e.kind === "trade" && e.sizeBase === 0.03 ? e : undefined);
      assertEquals(published.of("trade").map((e) => e.sizeBase), [0.02, 0.03]);
    }),
);

simulated(
  "an order that is filled in part keeps what was filled through a change",
  () =>
    withBench(hyperliquid, {}, async (bench) => {
      const { published, signal, trading, venue } = bench;
      await started(bench);
      // At the front of the best bid: 0.04 of 0.1 are taken.
      const outcome = await trading.submit(
        bench.market.order("part1", { pricing: limit(600_000, "GTC") }),
        signal,
      );
      assert(outcome.kind === "acknowledged");
      venue.quoteHouse("BTC-PERP", "buy", new Map([[599_900, 1_000_000]]));
      venue.takeHouse("BTC-PERP", "sell", 4_000);
      await published.next(
        "the part",
        (e) => e.kind === "order" && e.value.filledLots === 4_000 ? e : undefined,
      );
      const key = {
        instrument: btc,
        clientOrderId: clientOrderId("part1"),
        venueOrderId: outcome.venueOrderId,
      };
      const changed = await trading.amend?.(
        { ...key, side: "buy", sizeLots: sizeLots(9_000), limitPriceTicks: priceTicks(599_500) },
        signal,
      );
      assert(changed?.kind === "acknowledged", JSON.stringify(changed));
      const report = await published.next(
        "the changed order",
        (e) => e.kind === "order" && e.value.venueOrderId === changed.venueOrderId ? e.value : undefined,
      );
      assertEquals([report.sizeLots, report.filledLots, report.status], [
        sizeLots(9_000),
        sizeLots(4_000),
        "open",
      ]);
      assertEquals(venue.openOrders(accountId).map((one) => one.sizeLots), [5_000]);
      const tooSmall = await trading.amend?.(
        { ...key, side: "buy", sizeLots: sizeLots(4_000), limitPriceTicks: priceTicks(599_500) },
        signal,
      );
      assert(tooSmall?.kind === "rejected" && tooSmall.code === "invalid_size");
    }),
);

const refusals: readonly {
  readonly name: string;
  readonly change: Partial<OrderRequest>;
  readonly code: string;
}[] = [
  {
    name: "post-only across",
    change: { pricing: limit(600_010, "GTC", true) },
    code: "post_only_would_cross",
  },
  { name: "IOC without a match", change: { pricing: limit(599_000) }, code: "fok_not_filled" },
  { name: "fill-or-kill", change: { pricing: limit(600_010, "FOK") }, code: "unsupported" },
  { name: "under 10 USD", change: { sizeLots: sizeLots(10) }, code: "below_min_notional" },
  { name: "beyond the margin", change: { sizeLots: sizeLots(90_000_000) }, code: "insufficient_margin" },
  { name: "reduce-only from flat", change: { reduceOnly: true }, code: "reduce_only_would_increase" },
  {
    name: "an instrument that is not listed",
    change: { instrument: parseInstrumentId("hyperliquid:ETH-PERP") },
    code: "instrument_unknown",
  },
  {
    name: "an id that has no cloid",
    change: { clientOrderId: clientOrderId("UpperCase") },
    code: "unsupported",
  },
  {
    name: "a market order without a bound",
    change: { pricing: { kind: "market", worstPriceTicks: undefined } },
    code: "unsupported",
  },
];
simulated(
  "what the venue refuses is rejected with a reason and the venue's own words",
  () =>
    withBench(hyperliquid, {}, async (bench) => {
      await started(bench);
      for (const { name, change, code } of refusals) {
        const outcome = await bench.trading.submit(bench.market.order("no1", change), bench.signal);
        assert(outcome.kind === "rejected", `${name}: ${JSON.stringify(outcome)}`);
        assertEquals(outcome.code, code, name);
        assert(outcome.venueText.length > 0);
      }
      assertEquals(bench.venue.openOrders(accountId), []);
    }),
);

simulated(
  "batches: each order has its own outcome, and cancel all takes back what there is",
  () =>
    withBench(hyperliquid, {}, async (bench) => {
      const { signal, trading, venue } = bench;
      await started(bench);
      const orders = Array.from({ length: 45 }, (_, i) =>
        bench.market.order(`batch${i}`, {
          sizeLots: sizeLots(100),
          pricing: limit(590_000 - i * 10, "GTC", true),
          ...(i === 7 ? { sizeLots: sizeLots(1) } : {}),
          ...(i === 44 ? { pricing: limit(600_010, "FOK") } : {}),
        }));
      const outcomes = await trading.submitBatch?.(orders, signal) ?? [];
      assertEquals(
        outcomes.map((one) => one.kind === "rejected" ? one.code : one.kind),
        orders.map((_, i) => i === 7 ? "below_min_notional" : i === 44 ? "unsupported" : "acknowledged"),
      );
      assertEquals(venue.openOrders(accountId).length, 43);
      const keys = orders.slice(0, 8).map(({ clientOrderId: id }) => ({
        instrument: btc,
        clientOrderId: id,
        venueOrderId: undefined,
      }));
      const cancelled = await trading.cancelBatch?.(keys, signal) ?? [];
      assertEquals(
        cancelled.map((one) => one.kind),
        keys.map((_, i) => i === 7 ? "already_done" : "acknowledged"),
      );
      assertEquals(await trading.cancelAll(btc, signal), { kind: "acknowledged" });
      assertEquals(venue.openOrders(accountId), []);
      assertEquals(await trading.cancelAll(undefined, signal), { kind: "acknowledged" });
    }),
);

simulated(
  "a stop waits at the venue and fires at the mark price; a take-profit can be taken back",
  () =>
    withBench(hyperliquid, {}, async (bench) => {
      const { published, signal, trading, venue } = bench;
      await started(bench);
      await trading.submit(bench.market.order("open1", { pricing: limit(600_010) }), signal);
      const stop = bench.market.order("stop1", {
        side: "sell",
        reduceOnly: true,
        pricing: { kind: "market", worstPriceTicks: priceTicks(590_000) },
        trigger: { kind: "stop", triggerPriceTicks: priceTicks(595_000) },
      });
      assertEquals((await trading.submit(stop, signal)).kind, "acknowledged");
      const profit = bench.market.order("profit1", {
        side: "sell",
        reduceOnly: true,
        pricing: limit(610_000, "GTC"),
        trigger: { kind: "take_profit", triggerPriceTicks: priceTicks(609_000) },
      });
      assertEquals((await trading.submit(profit, signal)).kind, "acknowledged");
      const waiting = await trading.openOrders(signal);
      assertEquals(waiting.map((one) => one.triggerPriceTicks), [priceTicks(595_000), priceTicks(609_000)]);
      const key = { instrument: btc, clientOrderId: clientOrderId("profit1"), venueOrderId: undefined };
      assertEquals(await trading.cancel(key, signal), { kind: "acknowledged" });
      bench.market.quoteHouse(-5_000);
      bench.market.setMark(59_490);
      await published.next(
        "the stop's fill",
        (e) => e.kind === "fill" && e.value.clientOrderId === "stop1" ? e : undefined,
      );
      await published.next("the stop's end", orderUpdate("stop1", "filled"));
      assertEquals(venue.positions(accountId)[0]?.positionLots, 0);
    }),
);

simulated(
  "leverage and margin mode are set; what the asset does not allow is refused",
  () =>
    withBench(hyperliquid, {}, async (bench) => {
      const { signal, trading, venue } = bench;
      await started(bench);
      assertEquals(await trading.setLeverage?.(btc, 5, "isolated", signal), { kind: "acknowledged" });
      assertEquals(venue.positions(accountId)[0]?.leverage, 5);
      const tooMuch = await trading.setLeverage?.(btc, 41, "cross", signal);
      assert(tooMuch?.kind === "rejected" && tooMuch.venueText === "Invalid leverage value");
      assertEquals((await trading.setLeverage?.(btc, 2.5, "cross", signal))?.kind, "rejected");
    }),
);

simulated(
  "the market can be asked: time, state, klines, funding",
  () =>
    withBench(hyperliquid, {}, async (bench) => {
      const { adapter: { queries }, signal, venue } = bench;
      await started(bench);
      assert(queries !== undefined);
      assert(Math.abs(await queries.serverTimeMs(signal) - Date.now()) < 5_000);
      assertEquals(await queries.venueStatus(signal), "trading");
      venue.takeHouse("BTC-PERP", "buy", 5_000);
      const range = { fromMs: Date.now() - 3_600_000, toMs: Date.now() + 60_000 };
      const [kline] = await queries.klines(btc, "1m", range, signal);
      assertEquals([kline?.openPrice, kline?.volumeBase], [60_001, 0.05]);
      const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000;
      bench.market.setMark(60_000, hour + 7_200_000); // the hour's funding is settled
      const rates = await queries.fundingRates(btc, { fromMs: hour, toMs: hour + 7_200_000 }, signal);
      assertEquals(rates, [{ fundingRate: 0.0001, intervalHours: 1, tsVenueMs: hour + 3_600_000 }]);
      const unknown = parseInstrumentId("hyperliquid:NOPE-PERP");
      await assertRejects(() => queries.klines(unknown, "1m", range, signal), BerthError);
    }),
);

simulated(
  "funding is a payment, on the stream and asked for",
  () =>
    withBench(hyperliquid, {}, async (bench) => {
      const { published, signal, trading, venue } = bench;
      await started(bench);
      await trading.submit(bench.market.order("hold1", { pricing: limit(600_020) }), signal);
      await published.next("the fill", (e) => e.kind === "fill" ? e : undefined);
      venue.applyFunding("BTC-PERP");
      const payment = await published.next("the payment", (e) => e.kind === "funding" ? e.value : undefined);
      // A long pays: 0.1 BTC × 60,000.5 (in ticks) × 0.0001.
      assertEquals<bigint | undefined>(payment.amount, venue.positions(accountId)[0]?.fundingPaid);
      assert(payment.amount > 0n);
      assertEquals((await trading.fundingPayments?.(0, signal))?.map((one) => [one.paymentId, one.amount]), [[
        payment.paymentId,
        payment.amount,
      ]]);
    }),
);

simulated(
  "without secrets there is market data and no trading",
  () =>
    withBench(hyperliquid, {}, async ({ anotherAdapter, market, signal }) => {
      const { adapter, published } = anotherAdapter({});
      try {
        assertEquals([adapter.trading, adapter.capabilities.deadMansSwitch], [undefined, false]);
        await adapter.start(signal);
        adapter.marketData.subscribe([{ instrument: market.instrument, kinds: ["quotes"] }]);
        await published.next("a quote", (e) => e.kind === "quote" ? e : undefined);
        // Without an account the settings' fees hold.
        assertEquals(published.of("instrument").map((e) => [e.value.symbol, e.value.takerFeeBps]), [
          ["BTC-PERP", 4],
        ]);
      } finally {
        await adapter.stop();
      }
    }),
);

simulated(
  "a key that is no agent of the account is refused at the start, with what to do",
  () =>
    withBench(
      hyperliquid,
      { credentials: { HYPERLIQUID_AGENT_PRIVATE_KEY: `0x${"13".repeat(32)}` } },
      async (bench) => {
        const error = await assertRejects(() => bench.adapter.start(bench.signal), BerthError);
        assertEquals(error.code, "VENUE_REFUSED");
        assert(error.message.includes("is no agent of"), error.message);
        assert(!error.message.includes("13".repeat(32)));
      },
    ),
);

simulated("the dead man's switch is armed where the account may use it", async () => {
  const settings = { deadMansSwitchSeconds: 15 };
  await withBench(hyperliquidAfter(2_000_000), { settings }, async (bench) => {
    await started(bench);
    const health = await bench.published.next(
      "health",
      (e) => e.kind === "health" && e.value.deadMansSwitch === "armed" ? e.value : undefined,
    );
    assertEquals([health.deadMansSwitch, bench.adapter.capabilities.deadMansSwitch], ["armed", true]);
  });
  await withBench(hyperliquid, { settings }, async (bench) => {
    await started(bench);
    assertEquals(bench.adapter.capabilities.deadMansSwitch, false);
    assert(bench.log.lines.some((line) => String(line.fields["reason"]).includes("enough volume traded")));
  });
});
