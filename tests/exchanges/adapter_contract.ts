/** What holds of every adapter against its simulated venue. What is particular to a venue is tested beside it. */
import { assert, assertEquals } from "@std/assert";
import { clientOrderId, parseInstrumentId, priceTicks, type SettingsShape, sizeLots } from "@berth/sdk";
import type { Event } from "../support/published.ts";
import {
  accountId,
  type Bench,
  type BenchOptions,
  limit,
  orderUpdate,
  simulated,
  started,
  type VenueSubject,
  withBench,
  within,
} from "../support/venue_bench.ts";

/** Where venues differ in what they answer. */
export interface ContractTerms<Shape extends SettingsShape> {
  readonly subject: VenueSubject<Shape>;
  readonly lot: string;
  readonly settlementAsset: string;
  /** Of 0.1 BTC bought at 60,001, times 10^18. */
  readonly takerFee: bigint;
  /** An order by HTTP. */
  readonly orderRequest: string;
  /** The cancel of an order that never was. */
  readonly cancelOfNothing: "already_done" | "rejected";
  readonly takesUnboundedMarket: boolean;
  /** Else each update is a whole book. */
  readonly hasBookDeltas: boolean;
  /** What the venue's "too many requests" says of the order. */
  readonly tooMany: "rejected" | "unknown";
}

const whenPositionIs = (wanted: (positionLots: number) => boolean) => (event: Event) =>
  event.kind === "position" && wanted(event.value.positionLots) ? event.value : undefined;

/** Registers the tests. */
export function testAdapterContract<Shape extends SettingsShape>(terms: ContractTerms<Shape>): void {
  const { subject } = terms;
  const on = (name: string, options: BenchOptions<Shape>, test: (bench: Bench) => Promise<void>) =>
    simulated(`${subject.venue}: ${name}`, () => withBench(subject, options, test));
  const keyOf = (bench: Bench, id: string) => ({
    instrument: bench.market.instrument,
    clientOrderId: clientOrderId(id),
    venueOrderId: undefined,
  });

  on("instruments, quotes, trades, marks and books arrive", {}, async (bench) => {
    const { adapter, market, published, venue } = bench;
    await started(bench);
    const instrument = await published.next(
      "the instrument",
      (e) => e.kind === "instrument" ? e.value : undefined,
    );
    assertEquals(
      [instrument.id, instrument.tick.text, instrument.lot.text, instrument.settlementAsset],
      [market.instrument, "0.1", terms.lot, terms.settlementAsset],
    );
    adapter.marketData.subscribe([{
      instrument: market.instrument,
      kinds: ["quotes", "trades", "marks", "books"],
    }]);
    const quote = await published.next("a quote", (e) => e.kind === "quote" ? e : undefined);
    assertEquals([quote.bid, quote.bidSize, quote.ask, quote.askSize], [60_000, 10, 60_001, 10]);
    const snapshot = await published.next(
      "a book snapshot",
      (e) => e.kind === "book" && e.value.kind === "snapshot" ? e.value : undefined,
    );
    const levelLots = sizeLots(market.lots(10));
    assertEquals([snapshot.bids[0], snapshot.asks[0]], [
      { priceTicks: priceTicks(600_000), sizeLots: levelLots },
      { priceTicks: priceTicks(600_010), sizeLots: levelLots },
    ]);
    market.quoteHouse(20);
    await published.next(
      "the moved quote",
      (e) =>
        e.kind === "quote" && e.bid === 60_002 && e.ask === 60_003 && e.source === "stream" ? e : undefined,
    );
    const kind = terms.hasBookDeltas ? "delta" : "snapshot";
    await published.next(
      "the moved book",
      (e) =>
        e.kind === "book" && e.value.kind === kind && e.value.bids.some((one) => one.priceTicks === 600_020)
          ? e
          : undefined,
    );
    venue.takeHouse("BTC-PERP", "buy", market.lots(0.05));
    const trade = await published.next("a trade", (e) => e.kind === "trade" ? e : undefined);
    assertEquals([trade.side, trade.price, trade.sizeBase], ["buy", 60_003, 0.05]);
    market.setMark(60_001.5);
    const mark = await published.next(
      "a mark",
      (e) =>
        e.kind === "mark" && e.markPrice === 60_001.5 && e.indexPrice > 0 && e.fundingRate > 0
          ? e
          : undefined,
    );
    assertEquals([mark.indexPrice, mark.fundingRate], [60_002.5, 0.0001]);
    const health = await published.next(
      "health with both connections",
      (e) =>
        e.kind === "health" && e.value.latencyAverageMs !== undefined &&
          e.value.privateStream === "connected"
          ? e.value
          : undefined,
    );
    assertEquals([health.marketData, health.gaps], ["connected", 0]);
  });

  on("an instrument has the name that the operator gave it", {}, async (bench) => {
    const anInstrument = (e: Event) => e.kind === "instrument" ? e.value : undefined;
    await started(bench);
    const usual = await bench.published.next("the instrument", anInstrument);
    const { adapter, published } = bench.anotherAdapter({}, { [usual.venueSymbol]: "XBT-PERP" });
    try {
      await adapter.start(bench.signal);
      const { id, symbol, venueSymbol } = await published.next("the instrument", anInstrument);
      const named = parseInstrumentId(`${subject.venue}:XBT-PERP`);
      assertEquals({ id, symbol, venueSymbol }, {
        id: named,
        symbol: "XBT-PERP",
        venueSymbol: usual.venueSymbol,
      });
      adapter.marketData.subscribe([{ instrument: named, kinds: ["quotes"] }]);
      const quote = await published.next("a quote", (e) => e.kind === "quote" ? e : undefined);
      assertEquals([quote.bid, quote.ask], [60_000, 60_001]);
    } finally {
      await adapter.stop();
    }
  });

  on(
    "an order rests, is changed where the venue can, and cancelled, and every query agrees",
    {},
    async (bench) => {
      const { adapter, market, published, signal, trading, venue } = bench;
      await started(bench);
      const order = market.order("rest1");
      const outcome = await trading.submit(order, signal);
      assert(outcome.kind === "acknowledged", JSON.stringify(outcome));
      const open = await published.next("the open order", orderUpdate("rest1", "open"));
      assertEquals(
        [open.sizeLots, open.filledLots, open.limitPriceTicks, open.venueOrderId],
        [order.sizeLots, sizeLots(0), priceTicks(599_000), outcome.venueOrderId],
      );
      assertEquals(venue.openOrders(accountId).map((one) => one.sizeLots), [market.lots(0.1)]);
      assertEquals((await trading.openOrders(signal)).map((one) => one.clientOrderId), [order.clientOrderId]);

      const key = { ...keyOf(bench, "rest1"), venueOrderId: outcome.venueOrderId };
      assertEquals(trading.amend !== undefined, adapter.capabilities.amend);
      if (trading.amend !== undefined) {
        const change = { sizeLots: sizeLots(market.lots(0.2)), limitPriceTicks: priceTicks(598_000) };
        const changed = await trading.amend({ ...key, side: "buy", ...change }, signal);
        assertEquals(changed.kind, "acknowledged");
        await published.next(
          "the changed order",
          (e) =>
            e.kind === "order" && e.value.sizeLots === change.sizeLots && e.value.limitPriceTicks === 598_000
              ? e
              : undefined,
        );
        assertEquals(venue.openOrders(accountId).map((one) => one.sizeLots), [market.lots(0.2)]);
      }

      const found = await trading.queryOrder(keyOf(bench, "rest1"), signal);
      assert(found.kind === "found" && found.report.status === "open");
      assertEquals(await trading.cancel(key, signal), { kind: "acknowledged" });
      const cancelled = await published.next("the cancelled order", orderUpdate("rest1", "cancelled"));
      assertEquals(cancelled.reason, "requested");
      assertEquals((await trading.cancel(key, signal)).kind, "already_done");
      for (const venueOrderId of [outcome.venueOrderId, undefined]) {
        const closed = await trading.queryOrder({ ...key, venueOrderId }, signal);
        assert(closed.kind === "found" && closed.report.status === "cancelled", JSON.stringify(closed));
      }
      const missing = keyOf(bench, "never1");
      assertEquals(await trading.queryOrder(missing, signal), { kind: "not_found" });
      assertEquals((await trading.cancel(missing, signal)).kind, terms.cancelOfNothing);
    },
  );

  on("a taker order fills: all that is told agrees with the venue's ledger", {}, async (bench) => {
    const { market, published, signal, trading, venue } = bench;
    await started(bench);
    const order = market.order("take1", { pricing: limit(600_020) });
    const outcome = await trading.submit(order, signal);
    assert(outcome.kind === "acknowledged", JSON.stringify(outcome));
    const fill = await published.next("the fill", (e) => e.kind === "fill" ? e.value : undefined);
    const [booked] = venue.fills(accountId);
    assertEquals(
      [fill.side, fill.priceTicks, fill.sizeLots, fill.liquidity, fill.clientOrderId],
      ["buy", priceTicks(600_010), order.sizeLots, "taker", order.clientOrderId],
    );
    assertEquals<bigint | undefined>(booked?.fee, terms.takerFee);
    assertEquals<bigint>(fill.fee, terms.takerFee);
    const filled = await published.next("the filled order", orderUpdate("take1", "filled"));
    assertEquals(filled.filledLots, order.sizeLots);
    const position = await published.next("the position", whenPositionIs((lots) => lots !== 0));
    assertEquals([position.positionLots, position.entryPrice], [order.sizeLots, 60_001]);
    const { cash } = venue.account(accountId);
    await published.next(
      "the balance",
      (e) => e.kind === "balance" && e.value.total === cash ? true : undefined,
    );

    assertEquals((await trading.positions(signal)).map((one) => one.positionLots), [order.sizeLots]);
    assertEquals((await trading.fills(0, signal)).map((one) => [one.fillId, one.fee]), [[
      fill.fillId,
      fill.fee,
    ]]);
    assertEquals(await trading.fills(Date.now() + 60_000, signal), []);
    const [balance] = await trading.balances(signal);
    assertEquals<bigint | undefined>(balance?.total, cash);

    // The way back, reduce-only, as a market order with a worst price.
    const close = market.order("close1", {
      side: "sell",
      reduceOnly: true,
      pricing: { kind: "market", worstPriceTicks: priceTicks(599_900) },
    });
    const from = published.events.length;
    assertEquals((await trading.submit(close, signal)).kind, "acknowledged");
    await published.next("the flat position", whenPositionIs((lots) => lots === 0), from);
    assertEquals(venue.positions(accountId).map((one) => one.positionLots), [0]);
  });

  on("a short position is negative, on the stream and asked for", {}, async (bench) => {
    const { market, published, signal, trading } = bench;
    await started(bench);
    const order = market.order("short1", { side: "sell", pricing: limit(599_900) });
    await trading.submit(order, signal);
    const position = await published.next("the position", whenPositionIs((lots) => lots !== 0));
    const shortLots = sizeLots(-market.lots(0.1));
    assertEquals(position.positionLots, shortLots);
    assertEquals((await trading.positions(signal)).map((one) => one.positionLots), [shortLots]);
  });

  on("a market order without a bound fills, or is refused before it leaves", {}, async (bench) => {
    const { market, published, signal, trading, venue } = bench;
    await started(bench);
    const order = market.order("market1", { pricing: { kind: "market", worstPriceTicks: undefined } });
    const outcome = await trading.submit(order, signal);
    if (terms.takesUnboundedMarket) {
      assert(outcome.kind === "acknowledged", JSON.stringify(outcome));
      await published.next("the filled order", orderUpdate("market1", "filled"));
    } else {
      assert(outcome.kind === "rejected" && outcome.code === "unsupported", JSON.stringify(outcome));
      assertEquals(venue.orderHistory(accountId), []);
    }
  });

  on("cancelAll() takes every order back", {}, async (bench) => {
    const { market, published, signal, trading, venue } = bench;
    await started(bench);
    const ids = ["all1", "all2", "all3"];
    for (const id of ids) {
      assertEquals((await trading.submit(market.order(id), signal)).kind, "acknowledged");
      await published.next(id, orderUpdate(id, "open"));
    }
    assertEquals(await trading.cancelAll(market.instrument, signal), { kind: "acknowledged" });
    for (const id of ids) await published.next(id, orderUpdate(id, "cancelled"));
    assertEquals(venue.openOrders(accountId), []);
    assertEquals(await trading.cancelAll(undefined, signal), { kind: "acknowledged" });
  });

  on("without a connection orders go by REST, with the same outcomes", {}, async (bench) => {
    const { adapter, market, requests, signal, trading, venue } = bench;
    // The sockets are not up yet when the start returns.
    await adapter.start(signal);
    const outcome = await trading.submit(market.order("byrest1"), signal);
    assert(outcome.kind === "acknowledged", JSON.stringify(outcome));
    assert(requests.some(({ line }) => line === terms.orderRequest), requests.map(({ line }) => line).join());
    assertEquals(venue.openOrders(accountId).length, 1);
    const twice = await trading.submit(market.order("byrest1"), signal);
    assert(twice.kind === "rejected" && twice.code === "duplicate_client_order_id", JSON.stringify(twice));
  });

  on("an order whose answer is lost is unknown, and the question about it finds it", {
    faults: { loseAnswer: 1 },
  }, async (bench) => {
    await started(bench);
    const { market, published, signal, trading } = bench;
    const outcome = await trading.submit(market.order("lost1"), within(150));
    assert(outcome.kind === "unknown" && outcome.why === "timeout", JSON.stringify(outcome));
    await published.next("the order's update", orderUpdate("lost1", "open"));
    const key = keyOf(bench, "lost1");
    const found = await trading.queryOrder(key, signal);
    assert(found.kind === "found" && found.report.status === "open");
    // The cancel takes effect though its answer is lost too.
    assertEquals((await trading.cancel(key, within(150))).kind, "unknown");
    await published.next("the cancelled order", orderUpdate("lost1", "cancelled"));
  });

  on("an order that is lost on the way is unknown, and the question about it does not find it", {
    faults: { loseRequest: 1 },
  }, async (bench) => {
    await started(bench);
    assertEquals((await bench.trading.submit(bench.market.order("lost2"), within(150))).kind, "unknown");
    assertEquals(await bench.trading.queryOrder(keyOf(bench, "lost2"), bench.signal), { kind: "not_found" });
    assertEquals(bench.venue.orderHistory(accountId), []);
  });

  on("a request whose deadline has passed is not sent", {}, async (bench) => {
    await started(bench);
    const outcome = await bench.trading.submit(bench.market.order("late1"), AbortSignal.abort());
    assert(outcome.kind === "rejected" && outcome.code === "not_sent", JSON.stringify(outcome));
    assertEquals(bench.venue.orderHistory(accountId), []);
  });

  on(
    `the venue's rate limit leaves an order ${terms.tooMany}`,
    { faults: { rateLimit: 1 } },
    async (bench) => {
      await started(bench);
      const outcome = await bench.trading.submit(bench.market.order("limit1"), bench.signal);
      assertEquals(outcome.kind, terms.tooMany);
      if (outcome.kind === "rejected") assertEquals(outcome.code, "rate_limited");
    },
  );

  on("the venue's internal error leaves an order unknown", { faults: { reject: 1 } }, async (bench) => {
    await started(bench);
    assertEquals((await bench.trading.submit(bench.market.order("error1"), bench.signal)).kind, "unknown");
  });

  on("what is pushed twice is published once", { faults: { duplicatePrivatePush: 1 } }, async (bench) => {
    const { market, published, signal, trading } = bench;
    await started(bench);
    await trading.submit(market.order("twice1", { pricing: limit(600_020) }), signal);
    await published.next("the filled order", orderUpdate("twice1", "filled"));
    await trading.submit(market.order("after1"), signal);
    await published.next("a later order", orderUpdate("after1", "open"));
    assertEquals(published.of("fill").length, 1);
  });

  on("after the venue was gone everything resumes by itself", {}, async (bench) => {
    const { adapter, market, published, signal, trading } = bench;
    await started(bench);
    adapter.marketData.subscribe([{ instrument: market.instrument, kinds: ["quotes", "books"] }]);
    await published.next("a quote", (e) => e.kind === "quote" ? e : undefined);
    await published.next("a book", (e) => e.kind === "book" ? e : undefined);
    const from = published.events.length;
    await bench.restartSimulator();
    await published.next(
      "the book's end",
      (e) => e.kind === "book" && e.value.kind === "invalid" ? e : undefined,
      from,
    );
    await published.next("the account's stream", (e) => e.kind === "restored" ? true : undefined, from);
    await published.next(
      "a new book",
      (e) => e.kind === "book" && e.value.kind === "snapshot" ? e : undefined,
      from,
    );
    market.quoteHouse(50);
    await published.next("a new quote", (e) => e.kind === "quote" && e.bid === 60_005 ? e : undefined, from);
    const outcome = await trading.submit(market.order("after1"), signal);
    assert(outcome.kind === "acknowledged", JSON.stringify(outcome));
    await published.next("the order's update", orderUpdate("after1", "open"), from);
  });

  if (terms.hasBookDeltas) {
    on("a book with gaps is made whole again", { faults: { gapPublic: 0.5 } }, async (bench) => {
      const { adapter, market, published, venue } = bench;
      await started(bench);
      adapter.marketData.subscribe([{ instrument: market.instrument, kinds: ["books"] }]);
      await published.next("a book", (e) => e.kind === "book" ? e : undefined);
      const gaps = () => published.of("book").filter((e) => e.value.kind === "invalid").length;
      // A lost update shows at the next one, which may be lost itself.
      for (let nudge = 0; gaps() < 2; nudge++) {
        assert(nudge < 400, "no gap in 400 updates");
        market.quoteHouse(nudge % 50);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      market.quoteHouse(77);
      const isWhole = () =>
        bestOf(published.events, 5).join() ===
          venue.book("BTC-PERP", 5).bids.map((level) => level.priceTicks).join();
      for (let nudge = 0; !isWhole(); nudge++) {
        assert(nudge < 400, "the book stayed broken");
        venue.takeHouse("BTC-PERP", "buy", 1);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    });
  }
}

/** Best bid prices of the book that the published updates add up to. */
function bestOf(events: readonly Event[], depth: number): number[] {
  const bids = new Map<number, number>();
  for (const event of events) {
    if (event.kind !== "book") continue;
    if (event.value.kind !== "delta") bids.clear();
    for (const level of event.value.bids) {
      if (level.sizeLots === 0) bids.delete(level.priceTicks);
      else bids.set(level.priceTicks, level.sizeLots);
    }
  }
  return [...bids.keys()].sort((a, b) => b - a).slice(0, depth);
}
