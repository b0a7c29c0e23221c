/**
 * The adapter against the simulated venue over real sockets on loopback. The two share no code: what one writes the
 * other reads by its own understanding of the venue's protocol, which another project's client has checked.
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
  sizeLots,
  type Trading,
} from "@berth/sdk";
import { openWebSocket } from "@berth/sdk/venue/transport.ts";
import { systemClock, systemScheduler } from "../../../core/host/system_clock.ts";
import { HyperliquidAdapter } from "../../../exchanges/hyperliquid/adapter.ts";
import { cloidOf } from "../../../exchanges/hyperliquid/client_ids.ts";
import type { HyperliquidSettings } from "../../../exchanges/hyperliquid/settings.ts";
import type { FaultProfile, SimulatedCredentials } from "../../../exchanges/simulation/ports.ts";
import { constantRandom, defaultSettings, type Event, Published, recordingLog } from "./fakes.ts";
import { accountId, quoteHouse, type Served, served, setMark } from "./simulated.ts";

const btc = parseInstrumentId("hyperliquid:BTC-PERP");

interface Bench extends Pick<Served, "venue" | "restart"> {
  readonly adapter: ExchangeAdapter;
  readonly trading: Trading;
  readonly published: Published;
  readonly log: ReturnType<typeof recordingLog>;
  readonly signal: AbortSignal;
  /** The types of what was asked by HTTP, in order: `clearinghouseState`, `exchange`. */
  readonly requests: readonly string[];
}

async function withBench(
  options: {
    readonly faults?: Partial<FaultProfile>;
    readonly priorVolumeUsd?: number;
    /** What the adapter is given beside or instead of the made-up ones. */
    readonly credentials?: SimulatedCredentials;
    readonly settings?: Partial<HyperliquidSettings>;
  },
  test: (bench: Bench) => Promise<void>,
): Promise<void> {
  const { credentials: changed, settings, ...simulated } = options;
  const running = await served(simulated);
  const published = new Published();
  const log = recordingLog();
  const requests: string[] = [];
  const secrets: SimulatedCredentials = { ...running.credentials, ...changed };
  const adapter = new HyperliquidAdapter({
    venue: "hyperliquid",
    environment: "sim",
    endpoints: running.endpoints,
    symbols: ["BTC-PERP"],
    secret: (name) => secrets[name],
    settings: { ...defaultSettings, ...settings },
    publish: published.port,
    clock: systemClock(),
    scheduler: systemScheduler,
    random: constantRandom,
    log,
    gauge: () => {},
  }, {
    fetch: (url, init) => {
      const path = new URL(url).pathname;
      requests.push(path === "/exchange" ? "exchange" : JSON.parse(String(init.body)).type);
      return fetch(url, init);
    },
    openSocket: openWebSocket,
  });
  const { trading } = adapter;
  assert(trading !== undefined);
  try {
    const signal = new AbortController().signal;
    const { venue } = running;
    await test({
      venue,
      restart: () => running.restart(),
      adapter,
      trading,
      published,
      log,
      requests,
      signal,
    });
  } finally {
    await adapter.stop();
    await running.stop();
  }
}

async function started(bench: Bench): Promise<void> {
  await bench.adapter.start(bench.signal);
  await bench.published.next("the account's stream", (event) => event.kind === "restored" ? true : undefined);
}

const limit = (ticks: number, timeInForce: "GTC" | "IOC" | "FOK" = "IOC", postOnly = false) =>
  ({ kind: "limit", limitPriceTicks: priceTicks(ticks), timeInForce, postOnly }) as const;
const order = (id: string, change: Partial<OrderRequest> = {}): OrderRequest => ({
  instrument: btc,
  clientOrderId: clientOrderId(id),
  side: "buy",
  sizeLots: sizeLots(10_000),
  reduceOnly: false,
  pricing: limit(599_000, "GTC"),
  ...change,
});
const orderUpdate = (id: string, status: OrderReport["status"]) => (event: Event) =>
  event.kind === "order" && event.value.clientOrderId === id && event.value.status === status
    ? event.value
    : undefined;
const within = (delayMs: number): AbortSignal => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), delayMs);
  return controller.signal;
};

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
      "0.00001",
      "USDC",
    ]);
    assertEquals([instrument.maxPriceFigures, instrument.minNotional, instrument.maxLeverage], [5, 10, 40]);
    assertEquals([instrument.makerFeeBps, instrument.takerFeeBps, instrument.fundingIntervalHours], [
      1.5,
      4.5,
      1,
    ]);
    adapter.marketData.subscribe([{ instrument: btc, kinds: ["quotes", "trades", "marks", "books"] }]);
    const quote = await published.next("a quote", (e) =>
      e.kind === "quote" ? e : undefined);
    assertEquals([quote.bid, quote.bidSize, quote.ask, quote.askSize], [60_000, 10, 60_001, 10]);
    const snapshot = await published.next("a book", (e) => e.kind === "book" ? e.value : undefined);
    assertEquals([snapshot.kind, snapshot.bids.length, snapshot.bids[0]], [
      "snapshot",
      5,
      { priceTicks: priceTicks(600_000), sizeLots: sizeLots(1_000_000) },
    ]);
    quoteHouse(venue, 20);
    await published.next(
      "the moved quote",
      (e) =>
        e.kind === "quote" && e.bid === 60_002 && e.ask === 60_003 && e.source === "stream" ? e : undefined,
    );
    await published.next(
      "the moved book",
      (e) => e.kind === "book" && e.value.bids[0]?.priceTicks === 600_020 ? e : undefined,
    );
    venue.takeHouse("BTC-PERP", "buy", 5_000);
    const trade = await published.next("a trade", (e) => e.kind === "trade" ? e : undefined);
    assertEquals([trade.side, trade.price, trade.sizeBase], ["buy", 60_003, 0.05]);
    setMark(venue, 60_001.5);
    const mark = await published.next("a mark", (e) =>
      e.kind === "mark" && e.markPrice === 60_001.5 ? e : undefined);
    assertEquals([mark.indexPrice, mark.fundingRate, mark.tsNextFundingMs % 3_600_000], [
      60_002.5,
      0.0000125,
      0,
    ]);
    const health = await published.next("health", (e) =>
      e.kind === "health" && e.value.latencyAverageMs !== undefined ? e.value : undefined);
    assertEquals([health.marketData, health.privateStream, health.gaps], ["connected", "connected", 0]);
  }));

simulated("trades of the past are not told again after a reconnect", () =>
  withBench({}, async (bench) => {
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
    await bench.restart();
    await published.next("a quote again", (e) => e.kind === "quote" ? e : undefined, from);
    venue.takeHouse("BTC-PERP", "sell", 3_000);
    await published.next("the new trade", (e) => e.kind === "trade" && e.sizeBase === 0.03 ? e : undefined);
    assertEquals(published.of("trade").map((e) => e.sizeBase), [0.02, 0.03]);
  }));

simulated(
  "an order rests, is changed and cancelled, and every query agrees",
  () =>
    withBench({}, async (bench) => {
      const { published, signal, trading, venue } = bench;
      await started(bench);
      const outcome = await trading.submit(order("b0000rest000000000001"), signal);
      assert(outcome.kind === "acknowledged", JSON.stringify(outcome));
      const id = "b0000rest000000000001";
      const open = await published.next("the open order", orderUpdate(id, "open"));
      assertEquals([open.sizeLots, open.filledLots, open.limitPriceTicks, open.venueOrderId], [
        sizeLots(10_000),
        sizeLots(0),
        priceTicks(599_000),
        outcome.venueOrderId,
      ]);
      assertEquals(venue.openOrders(accountId).map((one) => one.clientOrderId), [cloidOf(clientOrderId(id))]);
      assertEquals((await trading.openOrders(signal)).map((one) => one.clientOrderId), [clientOrderId(id)]);

      const key = { instrument: btc, clientOrderId: clientOrderId(id), venueOrderId: outcome.venueOrderId };
      const changed = await trading.amend?.(
        { ...key, side: "buy", sizeLots: sizeLots(20_000), limitPriceTicks: priceTicks(598_000) },
        signal,
      );
      assert(changed?.kind === "acknowledged", JSON.stringify(changed));
      assert(changed.venueOrderId !== outcome.venueOrderId);
      await published.next("the changed order", (e) =>
        e.kind === "order" && e.value.sizeLots === 20_000 && e.value.limitPriceTicks === 598_000
          ? e
          : undefined);
      assertEquals(
        venue.openOrders(accountId).map((one) =>
          one.sizeLots
        ),
        [20_000],
      );
      // The cancel of its old number is no end of the order.
      assertEquals(
        published.of("order").filter((e) => e.value.status !== "open"),
        [],
      );

      const found = await trading.queryOrder({ ...key, venueOrderId: undefined }, signal);
      assert(found.kind === "found" && found.report.status === "open");
      assertEquals(found.report.venueOrderId, changed.venueOrderId);
      // By the number that the host may still know: the cloid finds it.
      assertEquals(await trading.cancel(key, signal), { kind: "acknowledged" });
      const cancelled = await published.next("the cancelled order", orderUpdate(id, "cancelled"));
      assertEquals(cancelled.reason, "requested");
      assertEquals((await trading.cancel(key, signal)).kind, "already_done");
      const closed = await trading.queryOrder(key, signal);
      assert(closed.kind === "found" && closed.report.status === "cancelled", JSON.stringify(closed));
      const missing = { ...key, clientOrderId: clientOrderId("never1"), venueOrderId: undefined };
      assertEquals(await trading.queryOrder(missing, signal), { kind: "not_found" });
      assertEquals((await trading.cancel(missing, signal)).kind, "already_done");
      assertEquals(
        (await trading.amend?.(
          { ...key, side: "buy", sizeLots: sizeLots(1), limitPriceTicks: priceTicks(1) },
          signal,
        ))
          ?.kind,
        "already_done",
      );
    }),
);

simulated(
  "an order that is filled in part keeps what was filled through a change",
  () =>
    withBench({}, async (bench) => {
      const { published, signal, trading, venue } = bench;
      await started(bench);
      // At the front of the best bid: 0.04 of 0.1 are taken.
      const outcome = await trading.submit(order("part1", { pricing: limit(600_000, "GTC") }), signal);
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
        sizeLots(10_000),
        "taker",
        clientOrderId("take1"),
      ]);
      // 60,001 × 0.1 BTC × 4.5 bps, charged.
      assertEquals<bigint | undefined>(fill.fee, booked?.fee);
      assertEquals<bigint>(fill.fee, 2_700_045_000_000_000_000n);
      const filled = await published.next("the filled order", orderUpdate("take1", "filled"));
      assertEquals(filled.filledLots, sizeLots(10_000));
      const position = await published.next(
        "the position",
        (e) => e.kind === "position" && e.value.positionLots !== 0 ? e.value : undefined,
      );
      assertEquals([position.positionLots, position.entryPrice, position.leverage], [
        sizeLots(10_000),
        60_001,
        40,
      ]);
      const balance = await published.next(
        "the balance",
        (e) => e.kind === "balance" && e.value.total < 100_000n * 10n ** 18n ? e.value : undefined,
      );
      assertEquals<bigint>(balance.total, venue.account(accountId).cash);

      assertEquals((await trading.positions(signal)).map((p) => p.positionLots), [sizeLots(10_000)]);
      assertEquals((await trading.fills(0, signal)).map((f) => [f.fillId, f.fee]), [[fill.fillId, fill.fee]]);
      assertEquals(await trading.fills(Date.now() + 60_000, signal), []);
      const [asked] = await trading.balances(signal);
      assertEquals<bigint | undefined>(asked?.total, venue.account(accountId).cash);

      // The way back, reduce-only, as a market order with a worst price of six figures.
      const close = order("close1", {
        side: "sell",
        reduceOnly: true,
        pricing: { kind: "market", worstPriceTicks: priceTicks(599_903) },
      });
      const from = published.events.length;
      assertEquals((await trading.submit(close, signal)).kind, "acknowledged");
      await published.next(
        "the flat position",
        (e) => e.kind === "position" && e.value.positionLots === 0 ? true : undefined,
        from,
      );
      assertEquals(venue.positions(accountId).map((p) => p.positionLots), [0]);
      assertEquals(venue.orderHistory(accountId).at(-1)?.limitPriceTicks, 599_910);
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
    assertEquals(position.positionLots, sizeLots(-10_000));
    assertEquals((await trading.positions(signal))[0]?.positionLots, sizeLots(-10_000));
  }));

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
    withBench({}, async (bench) => {
      await started(bench);
      for (const { name, change, code } of refusals) {
        const outcome = await bench.trading.submit(order("no1", change), bench.signal);
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
    withBench({}, async (bench) => {
      const { signal, trading, venue } = bench;
      await started(bench);
      const orders = Array.from({ length: 45 }, (_, i) =>
        order(`batch${i}`, {
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
    withBench({}, async (bench) => {
      const { published, signal, trading, venue } = bench;
      await started(bench);
      await trading.submit(order("open1", { pricing: limit(600_010) }), signal);
      const stop = order("stop1", {
        side: "sell",
        reduceOnly: true,
        pricing: { kind: "market", worstPriceTicks: priceTicks(590_000) },
        trigger: { kind: "stop", triggerPriceTicks: priceTicks(595_000) },
      });
      assertEquals((await trading.submit(stop, signal)).kind, "acknowledged");
      const profit = order("profit1", {
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
      quoteHouse(venue, -5_000);
      setMark(venue, 59_490);
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
    withBench({}, async (bench) => {
      const { signal, trading, venue } = bench;
      await started(bench);
      assertEquals(await trading.setLeverage?.(btc, 5, "isolated", signal), { kind: "acknowledged" });
      assertEquals(venue.positions(accountId)[0]?.leverage, 5);
      const tooMuch = await trading.setLeverage?.(btc, 41, "cross", signal);
      assert(tooMuch?.kind === "rejected" && tooMuch.venueText === "Invalid leverage value");
      assertEquals((await trading.setLeverage?.(btc, 2.5, "cross", signal))?.kind, "rejected");
    }),
);

simulated("the market can be asked: time, state, klines, funding", () =>
  withBench({}, async (bench) => {
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
    setMark(venue, 60_000, hour + 7_200_000); // the hour's funding is settled
    const rates = await queries.fundingRates(btc, { fromMs: hour, toMs: hour + 7_200_000 }, signal);
    assertEquals(rates, [{ fundingRate: 0.0000125, intervalHours: 1, tsVenueMs: hour + 3_600_000 }]);
    const unknown = parseInstrumentId("hyperliquid:NOPE-PERP");
    await assertRejects(() => queries.klines(unknown, "1m", range, signal), BerthError);
  }));

simulated("funding is a payment, on the stream and asked for", () =>
  withBench({}, async (bench) => {
    const { published, signal, trading, venue } = bench;
    await started(bench);
    await trading.submit(order("hold1", { pricing: limit(600_020) }), signal);
    await published.next("the fill", (e) => e.kind === "fill" ? e : undefined);
    venue.applyFunding("BTC-PERP");
    const payment = await published.next("the payment", (e) => e.kind === "funding" ? e.value : undefined);
    // A long pays: 0.1 BTC × 60,000.5 (in ticks) × 0.0000125.
    assertEquals<bigint | undefined>(payment.amount, venue.positions(accountId)[0]?.fundingPaid);
    assert(payment.amount > 0n);
    assertEquals((await trading.fundingPayments?.(0, signal))?.map((one) => [one.paymentId, one.amount]), [[
      payment.paymentId,
      payment.amount,
    ]]);
  }));

simulated("without secrets there is market data and no trading", async () => {
  const running = await served();
  const published = new Published();
  const adapter = new HyperliquidAdapter({
    venue: "hyperliquid",
    environment: "paper",
    endpoints: running.endpoints,
    symbols: ["BTC-PERP", "ETH-PERP"],
    secret: () => undefined,
    settings: defaultSettings,
    publish: published.port,
    clock: systemClock(),
    scheduler: systemScheduler,
    random: constantRandom,
    log: recordingLog(),
    gauge: () => {},
  }, { fetch: (url, init) => fetch(url, init), openSocket: openWebSocket });
  try {
    assertEquals([adapter.trading, adapter.capabilities.deadMansSwitch], [undefined, false]);
    await adapter.start(new AbortController().signal);
    adapter.marketData.subscribe([{ instrument: btc, kinds: ["quotes"] }]);
    await published.next("a quote", (e) => e.kind === "quote" ? e : undefined);
    // Without an account the settings' fees hold.
    assertEquals(published.of("instrument").map((e) => [e.value.symbol, e.value.takerFeeBps]), [
      ["BTC-PERP", 4],
      ["ETH-PERP", 4],
    ]);
  } finally {
    await adapter.stop();
    await running.stop();
  }
});

simulated(
  "a key that is no agent of the account is refused at the start, with what to do",
  () =>
    withBench({ credentials: { HYPERLIQUID_AGENT_PRIVATE_KEY: `0x${"13".repeat(32)}` } }, async (bench) => {
      const error = await assertRejects(() => bench.adapter.start(bench.signal), BerthError);
      assertEquals(error.code, "VENUE_REFUSED");
      assert(error.message.includes("is no agent of"), error.message);
      assert(!error.message.includes("13".repeat(32)));
    }),
);

simulated("while the account's stream is down orders go by REST", () =>
  withBench({}, async (bench) => {
    const { adapter, requests, signal, trading } = bench;
    // Not started: instruments are known, no socket is open.
    await adapter.start(signal);
    const outcome = await trading.submit(order("rest2"), signal);
    assertEquals(outcome.kind, "acknowledged");
    assert(requests.includes("exchange"));
  }));

simulated(
  "an answer that never comes is unknown, and the question about the order finds it",
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

for (const fault of ["rateLimit", "reject"] as const) {
  simulated(
    `after the venue's ${fault === "reject" ? "gateway failed" : "429"} nobody says no`,
    () =>
      withBench({ faults: { [fault]: 1 } }, async (bench) => {
        await started(bench);
        assertEquals((await bench.trading.submit(order("limit1"), bench.signal)).kind, "unknown");
      }),
  );
}

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

simulated("the dead man's switch is armed where the account may use it", async () => {
  const settings = { deadMansSwitchSeconds: 15 };
  await withBench({ priorVolumeUsd: 2_000_000, settings }, async (bench) => {
    await started(bench);
    const health = await bench.published.next(
      "health",
      (e) => e.kind === "health" && e.value.deadMansSwitch === "armed" ? e.value : undefined,
    );
    assertEquals([health.deadMansSwitch, bench.adapter.capabilities.deadMansSwitch], ["armed", true]);
  });
  await withBench({ settings }, async (bench) => {
    await started(bench);
    assertEquals(bench.adapter.capabilities.deadMansSwitch, false);
    assert(bench.log.lines.some((line) => String(line.fields["reason"]).includes("enough volume traded")));
  });
});

simulated("after the venue was gone everything resumes by itself", () =>
  withBench({}, async (bench) => {
    const { adapter, published, signal, trading, venue } = bench;
    await started(bench);
    adapter.marketData.subscribe([{ instrument: btc, kinds: ["quotes", "books"] }]);
    await published.next("a quote", (e) => e.kind === "quote" ? e : undefined);
    await published.next("a book", (e) => e.kind === "book" ? e : undefined);
    const from = published.events.length;
    await bench.restart();
    await published.next("the book's end", (e) =>
      e.kind === "book" && e.value.kind === "invalid" ? e : undefined, from);
    await published.next("the account's stream", (e) =>
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
