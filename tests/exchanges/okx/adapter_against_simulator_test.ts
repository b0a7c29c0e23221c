/**
 * The adapter against the simulated venue over real sockets on loopback. The two share no code: what one writes the
 * other reads by its own understanding of the venue's protocol.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BerthError,
  clientOrderId,
  type ExchangeAdapter,
  type OrderReport,
  type OrderRequest,
  parseInstrumentId,
  priceTicks,
  type SettingValues,
  sizeLots,
  type Trading,
} from "@berth/sdk";
import { systemClock, systemScheduler } from "../../../core/host/system_clock.ts";
import { OkxAdapter } from "../../../exchanges/okx/adapter.ts";
import { openWebSocket } from "@berth/sdk/venue/transport.ts";
import type { settings } from "../../../exchanges/okx/settings.ts";
import { realTimeClock } from "../../../exchanges/simulation/clock.ts";
import { noFaults } from "../../../exchanges/simulation/faults.ts";
import type {
  FaultProfile,
  ProtocolSimulator,
  SimulatedCredentials,
} from "../../../exchanges/simulation/ports.ts";
import { seededRandom } from "../../../exchanges/simulation/random.ts";
import {
  createSimulatedVenue,
  type SimulatedVenueControl,
} from "../../../exchanges/simulation/simulated_venue.ts";
import * as okxSimulator from "../../../exchanges/okx/simulator.ts";
import { constantRandom, type Event, Published, recordingLog } from "./fakes.ts";
import { defaultSettings } from "./builders.ts";

const btc = parseInstrumentId("okx:BTC-PERP");
const accountId = "trader";

interface Bench {
  readonly venue: SimulatedVenueControl;
  readonly adapter: ExchangeAdapter;
  readonly trading: Trading;
  readonly published: Published;
  readonly log: ReturnType<typeof recordingLog>;
  readonly signal: AbortSignal;
  /** `POST /api/v5/trade/order` and the like, in order. */
  readonly requests: readonly string[];
  /** Stops the protocol simulator and starts another on the same port, with the same books. */
  restartSimulator(): Promise<void>;
}

/** A house that quotes 60,000 / 60,001 with 10 BTC at each of five prices a side. */
function quoteHouse(venue: SimulatedVenueControl, shiftTicks = 0): void {
  const ladder = (first: number, step: number) =>
    new Map(Array.from({ length: 5 }, (_, i) => [first + shiftTicks + i * step, 100_000] as const));
  // Empty first: a ladder that moves through the other side would trade with it.
  for (const side of ["buy", "sell"] as const) venue.quoteHouse("BTC-PERP", side, new Map());
  venue.quoteHouse("BTC-PERP", "buy", ladder(600_000, -10));
  venue.quoteHouse("BTC-PERP", "sell", ladder(600_010, 10));
}

function setMark(venue: SimulatedVenueControl, markPrice: number): void {
  const rest = { indexPrice: 60_002.5, fundingRate: 0.0001, tsNextFundingMs: 1_785_110_400_000 };
  venue.setMark({ symbol: "BTC-PERP", markPrice, ...rest, tsMs: Date.now() });
}

async function withBench(
  options: {
    readonly faults?: Partial<FaultProfile>;
    /** What the adapter is given beside or instead of the made-up ones. */
    readonly credentials?: SimulatedCredentials;
    readonly settings?: Partial<SettingValues<typeof settings>>;
  },
  test: (bench: Bench) => Promise<void>,
): Promise<void> {
  const random = seededRandom(7);
  const venue = createSimulatedVenue({
    venue: "okx",
    instruments: okxSimulator.simulatedInstruments,
    clock: realTimeClock(),
    firstId: Date.now() * 1_000,
  });
  venue.deposit(accountId, "100000");
  setMark(venue, 60_000.5);
  quoteHouse(venue);
  const credentials = await okxSimulator.makeCredentials(random.fork("credentials"));
  const startSimulator = (port: number): Promise<ProtocolSimulator> =>
    okxSimulator.startSimulator({
      venue,
      accountId,
      credentials,
      faults: { ...noFaults, ...options.faults },
      random: random.fork("faults"),
      hostname: "127.0.0.1",
      port,
    });
  let simulator = await startSimulator(0);
  const { endpoints } = simulator;
  const published = new Published();
  const log = recordingLog();
  const requests: string[] = [];
  const secrets = { ...credentials, ...options.credentials };
  const adapter = new OkxAdapter({
    venue: "okx",
    environment: "sim",
    endpoints,
    symbols: ["BTC-PERP"],
    secret: (name) => secrets[name],
    // Disarming it waits for the venue's one request a second: only where it is the matter.
    settings: { ...defaultSettings, deadMansSwitchSeconds: 0, ...options.settings },
    publish: published.port,
    clock: systemClock(),
    scheduler: systemScheduler,
    random: constantRandom,
    log,
    gauge: () => {},
  }, {
    fetch: (url, init) => {
      requests.push(`${init.method} ${new URL(url).pathname}`);
      return fetch(url, init);
    },
    openSocket: openWebSocket,
  });
  const { trading } = adapter;
  assert(trading !== undefined);
  try {
    await test({
      venue,
      adapter,
      trading,
      published,
      log,
      requests,
      signal: new AbortController().signal,
      async restartSimulator() {
        await simulator.stop();
        simulator = await startSimulator(Number(new URL(endpoints["restUrl"] ?? "").port));
      },
    });
  } finally {
    await adapter.stop();
    await simulator.stop();
  }
}

async function started(bench: Bench): Promise<void> {
  await bench.adapter.start(bench.signal);
  await bench.published.next("the private stream", (event) => event.kind === "restored" ? true : undefined);
}

const order = (id: string, change: Partial<OrderRequest> = {}): OrderRequest => ({
  instrument: btc,
  clientOrderId: clientOrderId(id),
  side: "buy",
  sizeLots: sizeLots(1_000),
  reduceOnly: false,
  pricing: { kind: "limit", limitPriceTicks: priceTicks(599_000), timeInForce: "GTC", postOnly: false },
  ...change,
});
const limit = (ticks: number, timeInForce: "GTC" | "IOC" | "FOK" = "IOC", postOnly = false) =>
  ({ kind: "limit", limitPriceTicks: priceTicks(ticks), timeInForce, postOnly }) as const;
const orderUpdate = (id: string, status: OrderReport["status"]) => (event: Event) =>
  event.kind === "order" && event.value.clientOrderId === id && event.value.status === status
    ? event.value
    : undefined;

// Real sockets and timers that the platform winds down by itself after stop().
const simulated = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });

simulated("instruments, quotes, trades, marks and books arrive", () =>
  withBench({}, async (bench) => {
    const { adapter, published, venue } = bench;
    await started(bench);
    const instrument = await published.next("the instrument", (e) =>
      e.kind === "instrument" ? e.value : undefined);
    assertEquals([instrument.id, instrument.tick.text, instrument.lot.text, instrument.settlementAsset], [
      btc,
      "0.1",
      "0.0001",
      "USDT",
    ]);
    assertEquals([instrument.makerFeeBps, instrument.takerFeeBps, instrument.fundingIntervalHours], [
      2,
      5,
      8,
    ]);
    adapter.marketData.subscribe([{ instrument: btc, kinds: ["quotes", "trades", "marks", "books"] }]);
    const quote = await published.next("a quote", (e) =>
      e.kind === "quote" ? e : undefined);
    assertEquals([quote.bid, quote.bidSize, quote.ask, quote.askSize], [60_000, 10, 60_001, 10]);
    const snapshot = await published.next(
      "a book snapshot",
      (e) => e.kind === "book" && e.value.kind === "snapshot" ? e.value : undefined,
    );
    assertEquals(snapshot.bids[0], { priceTicks: priceTicks(600_000), sizeLots: sizeLots(100_000) });
    assertEquals(snapshot.asks[0], { priceTicks: priceTicks(600_010), sizeLots: sizeLots(100_000) });
    quoteHouse(venue, 20);
    await published.next(
      "the moved quote",
      (e) =>
        e.kind === "quote" && e.bid === 60_002 && e.ask === 60_003 && e.source === "stream" ? e : undefined,
    );
    await published.next(
      "a book delta",
      (e) => e.kind === "book" && e.value.kind === "delta" ? e : undefined,
    );
    venue.takeHouse("BTC-PERP", "buy", 500);
    const trade = await published.next("a trade", (e) => e.kind === "trade" ? e : undefined);
    assertEquals([trade.side, trade.price, trade.sizeBase], ["buy", 60_003, 0.05]);
    setMark(venue, 60_001.5);
    const mark = await published.next(
      "a mark",
      (e) =>
        e.kind === "mark" && e.markPrice === 60_001.5 && e.indexPrice > 0 && e.fundingRate > 0
          ? e
          : undefined,
    );
    assertEquals([mark.indexPrice, mark.fundingRate, mark.tsNextFundingMs], [
      60_002.5,
      0.0001,
      1_785_110_400_000,
    ]);
    const health = await published.next(
      "health",
      (e) => e.kind === "health" && e.value.latencyAverageMs !== undefined ? e.value : undefined,
    );
    assertEquals([health.marketData, health.privateStream, health.gaps], ["connected", "connected", 0]);
  }));

for (const quoteChannel of ["tickers", "books5"] as const) {
  simulated(
    `quotes come from ${quoteChannel} where that is set`,
    () =>
      withBench({ settings: { quoteChannel } }, async (bench) => {
        await started(bench);
        bench.adapter.marketData.subscribe([{ instrument: btc, kinds: ["quotes"] }]);
        const quote = await bench.published.next("a quote", (e) => e.kind === "quote" ? e : undefined);
        assertEquals([quote.bid, quote.bidSize, quote.ask, quote.askSize], [60_000, 10, 60_001, 10]);
      }),
  );
}

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
      assertEquals(venue.openOrders(accountId).map((one) => [one.clientOrderId, one.sizeLots]), [[
        "rest1",
        1_000,
      ]]);
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
      assertEquals(changed, { kind: "acknowledged", venueOrderId: outcome.venueOrderId });
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
      assertEquals((await trading.cancel(key, signal)).kind, "already_done");
      for (const venueId of [outcome.venueOrderId, undefined]) {
        const closed = await trading.queryOrder({ ...key, venueOrderId: venueId }, signal);
        assert(closed.kind === "found" && closed.report.status === "cancelled", JSON.stringify(closed));
      }
      const missing = { ...key, clientOrderId: clientOrderId("never1"), venueOrderId: undefined };
      assertEquals(await trading.queryOrder(missing, signal), { kind: "not_found" });
      assertEquals((await trading.cancel(missing, signal)).kind, "already_done");
    }),
);

simulated(
  "a taker order fills: order, fill, position and balance agree with the venue's ledger",
  () =>
    withBench({}, async (bench) => {
      const { published, signal, trading, venue } = bench;
      await started(bench);
      const outcome = await trading.submit(order("take1", { pricing: limit(600_020) }), signal);
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
      // 60,001 × 0.1 BTC × 5 bps, charged.
      assertEquals<bigint | undefined>(fill.fee, booked?.fee);
      assertEquals<bigint>(fill.fee, 3_000_050_000_000_000_000n);
      assertEquals(fill.fillId, `BTC-USDT-SWAP-${booked?.tradeId}`);
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

simulated("a short position is negative, on the stream and asked for", () =>
  withBench({}, async (bench) => {
    const { published, signal, trading } = bench;
    await started(bench);
    await trading.submit(order("short1", { side: "sell", pricing: limit(599_900) }), signal);
    const position = await published.next(
      "the position",
      (e) => e.kind === "position" && e.value.positionLots !== 0 ? e.value : undefined,
    );
    assertEquals(position.positionLots, sizeLots(-1_000));
    assertEquals((await trading.positions(signal)).map((p) => p.positionLots), [sizeLots(-1_000)]);
  }));

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
  "an order that trades with several takes a fill for each, and no id twice",
  () =>
    withBench({}, async (bench) => {
      const { published, signal, trading, venue } = bench;
      await started(bench);
      venue.takeHouse("BTC-PERP", "buy", 99_500);
      await trading.submit(order("several1", { pricing: limit(600_040) }), signal);
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
    withBench({}, async (bench) => {
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
        const outcome = await trading.submit(order(id, change), signal);
        if (outcome.kind === "rejected") assertEquals(outcome.code, code, `${id}: ${outcome.venueText}`);
        else {
          assert(outcome.kind === "acknowledged", JSON.stringify(outcome));
          assertEquals((await published.next(id, orderUpdate(id, "rejected"))).reason, code, id);
        }
      }
      const unfilled = await trading.submit(order("ioc1", { pricing: limit(599_000) }), signal);
      assertEquals(unfilled.kind, "acknowledged");
      const ended = await published.next("the IOC order", orderUpdate("ioc1", "cancelled"));
      assertEquals([ended.reason, ended.filledLots], ["ioc_remainder", sizeLots(0)]);
      assertEquals((await trading.submit(order("same1"), signal)).kind, "acknowledged");
      await published.next("the first of two", orderUpdate("same1", "open"));
      const twice = await trading.submit(order("same1"), signal);
      assert(twice.kind === "rejected" && twice.code === "duplicate_client_order_id", JSON.stringify(twice));
    }),
);

simulated(
  "cancelAll() takes every order back, more than a batch of them",
  () =>
    withBench({}, async (bench) => {
      const { published, signal, trading, venue } = bench;
      await started(bench);
      const ids = Array.from({ length: 23 }, (_, i) => `all${i}`);
      for (const id of ids) {
        assertEquals(
          (await trading.submit(order(id, { sizeLots: sizeLots(10) }), signal)).kind,
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
  withBench({}, async (bench) => {
    const { published, signal, trading } = bench;
    await started(bench);
    assertEquals(await trading.setLeverage?.(btc, 3, "cross", signal), { kind: "acknowledged" });
    await trading.submit(order("lever1", { pricing: limit(600_020) }), signal);
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
    withBench({ credentials: { OKX_SECRET_KEY: "WRONGSECRET1234567" } }, async ({ adapter, signal }) => {
      const error = await assertRejects(() => adapter.start(signal), BerthError);
      assertEquals(error.code, "VENUE_REFUSED");
      assert(error.message.includes("50113"), error.message);
      assertEquals(error.message.includes("WRONGSECRET"), false);
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
      assert(requests.includes("POST /api/v5/trade/order"));
      assertEquals(venue.order(accountId, { clientOrderId: "byrest1" })?.status, "open");
      const twice = await trading.submit(order("byrest1"), signal);
      assert(twice.kind === "rejected" && twice.code === "duplicate_client_order_id", JSON.stringify(twice));
    }),
);

const within = (ms: number): AbortSignal => AbortSignal.timeout(ms);

simulated(
  "an order whose answer is lost is unknown, and the question about it finds it",
  () =>
    withBench({ faults: { loseAnswer: 1 } }, async (bench) => {
      await started(bench);
      const { published, signal, trading } = bench;
      const outcome = await trading.submit(order("lost1"), within(150));
      assert(outcome.kind === "unknown" && outcome.why === "timeout", JSON.stringify(outcome));
      await published.next("the order's update", orderUpdate("lost1", "open"));
      const key = { instrument: btc, clientOrderId: clientOrderId("lost1"), venueOrderId: undefined };
      const found = await trading.queryOrder(key, signal);
      assert(found.kind === "found" && found.report.status === "open");
      // The cancel takes effect though its answer is lost too.
      assertEquals((await trading.cancel(key, within(150))).kind, "unknown");
      await published.next("the cancelled order", orderUpdate("lost1", "cancelled"));
    }),
);

simulated(
  "an order that is lost on the way is unknown, and the question about it does not find it",
  () =>
    withBench({ faults: { loseRequest: 1 } }, async (bench) => {
      await started(bench);
      assertEquals((await bench.trading.submit(order("lost2"), within(150))).kind, "unknown");
      const key = { instrument: btc, clientOrderId: clientOrderId("lost2"), venueOrderId: undefined };
      assertEquals(await bench.trading.queryOrder(key, bench.signal), { kind: "not_found" });
      assertEquals(bench.venue.orderHistory(accountId), []);
    }),
);

simulated("a request whose deadline has passed is not sent", () =>
  withBench({}, async (bench) => {
    await started(bench);
    const outcome = await bench.trading.submit(order("late1"), AbortSignal.abort());
    assert(outcome.kind === "rejected" && outcome.code === "not_sent", JSON.stringify(outcome));
    assertEquals(bench.venue.orderHistory(accountId), []);
  }));

simulated("the venue's rate limit is a refusal, its internal error is unknown", async () => {
  await withBench({ faults: { rateLimit: 1 } }, async (bench) => {
    await started(bench);
    const outcome = await bench.trading.submit(order("limit1"), bench.signal);
    assert(outcome.kind === "rejected" && outcome.code === "rate_limited", JSON.stringify(outcome));
  });
  await withBench({ faults: { reject: 1 } }, async (bench) => {
    await started(bench);
    assertEquals((await bench.trading.submit(order("error1"), bench.signal)).kind, "unknown");
  });
});

simulated(
  "fills that are pushed twice are published once",
  () =>
    withBench({ faults: { duplicatePrivatePush: 1 } }, async (bench) => {
      const { published, signal, trading } = bench;
      await started(bench);
      await trading.submit(order("twice1", { pricing: limit(600_020) }), signal);
      await published.next("the filled order", orderUpdate("twice1", "filled"));
      await trading.submit(order("after1"), signal);
      await published.next("a later order", orderUpdate("after1", "open"));
      assertEquals(published.of("fill").length, 1);
    }),
);

simulated(
  "the dead man's switch is armed at start and disarmed at a stop",
  () =>
    withBench({ settings: { deadMansSwitchSeconds: 10 } }, async (bench) => {
      await started(bench);
      const isSwitch = (request: string) => request === "POST /api/v5/trade/cancel-all-after";
      assertEquals(bench.requests.filter(isSwitch).length, 1);
      assertEquals(bench.adapter.capabilities.deadMansSwitch, true);
      await bench.adapter.stop();
      assertEquals(bench.requests.filter(isSwitch).length, 2);
    }),
);

simulated("after the venue was gone everything resumes by itself", () =>
  withBench({}, async (bench) => {
    const { adapter, published, signal, trading, venue } = bench;
    await started(bench);
    adapter.marketData.subscribe([{ instrument: btc, kinds: ["quotes", "books"] }]);
    await published.next("a quote", (e) => e.kind === "quote" ? e : undefined);
    await published.next("a book", (e) => e.kind === "book" ? e : undefined);
    const from = published.events.length;
    await bench.restartSimulator();
    await published.next("the book's end", (e) =>
      e.kind === "book" && e.value.kind === "invalid" ? e : undefined, from);
    await published.next("the private stream", (e) =>
      e.kind === "restored" ? true : undefined, from);
    await published.next("a new book", (e) =>
      e.kind === "book" && e.value.kind === "snapshot" ? e : undefined, from);
    quoteHouse(venue, 50);
    await published.next("a new quote", (e) =>
      e.kind === "quote" && e.bid === 60_005 ? e : undefined, from);
    const outcome = await trading.submit(order("after1"), signal);
    assert(outcome.kind === "acknowledged", JSON.stringify(outcome));
    await published.next("the order's update", orderUpdate("after1", "open"), from);
  }));

simulated(
  "a book with gaps is made whole again",
  () =>
    withBench({ faults: { gapPublic: 0.5 } }, async (bench) => {
      const { adapter, published, venue } = bench;
      await started(bench);
      adapter.marketData.subscribe([{ instrument: btc, kinds: ["books"] }]);
      await published.next("a book", (e) => e.kind === "book" ? e : undefined);
      // A lost update shows at the next one, which may be lost itself.
      for (
        let nudge = 0;
        published.of("book").filter((e) => e.value.kind === "invalid").length < 2;
        nudge++
      ) {
        assert(nudge < 400, "no gap in 400 updates");
        quoteHouse(venue, nudge % 50);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      quoteHouse(venue, 77);
      const isWhole = () =>
        bestOf(published.events, 5).join() ===
          venue.book("BTC-PERP", 5).bids.map((level) => level.priceTicks).join();
      for (let nudge = 0; !isWhole(); nudge++) {
        assert(nudge < 400, "the book stayed broken");
        venue.takeHouse("BTC-PERP", "buy", 1);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }),
);

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
