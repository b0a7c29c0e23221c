/**
 * The adapter against the simulated venue over real sockets on loopback. The two share no code: what one writes the
 * other reads by its own understanding of the venue's protocol.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type Balance,
  BerthError,
  type BookUpdate,
  clientOrderId,
  type ExchangeAdapter,
  type Fill,
  type FundingPayment,
  type Instrument,
  type OrderReport,
  type OrderRequest,
  parseInstrumentId,
  priceTicks,
  type Publish,
  type SettingValues,
  sizeLots,
  type Trading,
  type VenueHealth,
  venueOrderId,
  type VenuePosition,
} from "@berth/sdk";
import { systemClock, systemScheduler } from "../../../core/host/system_clock.ts";
import { ParadexAdapter } from "../../../exchanges/paradex/adapter.ts";
import { openWebSocket } from "@berth/sdk/venue/transport.ts";
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
import type { settings } from "../../../exchanges/paradex/settings.ts";
import * as paradexSimulator from "../../../exchanges/paradex/simulator.ts";
import { constantRandom, recordingLog } from "./fakes.ts";

const btc = parseInstrumentId("paradex:BTC-PERP");
const accountId = "trader";
const patienceMs = 8_000;

type Event =
  | { readonly kind: "instrument"; readonly value: Instrument }
  | { readonly kind: "quote"; readonly bid: number; readonly ask: number; readonly source: string }
  | { readonly kind: "trade"; readonly price: number; readonly sizeBase: number }
  | {
    readonly kind: "mark";
    readonly markPrice: number;
    readonly indexPrice: number;
    readonly fundingRate: number;
  }
  | { readonly kind: "book"; readonly value: Omit<BookUpdate, "sequence"> }
  | { readonly kind: "order"; readonly value: OrderReport }
  | { readonly kind: "fill"; readonly value: Fill }
  | { readonly kind: "position"; readonly value: VenuePosition }
  | { readonly kind: "balance"; readonly value: Omit<Balance, "venue"> }
  | { readonly kind: "health"; readonly value: Omit<VenueHealth, "venue" | "tsMs"> }
  | { readonly kind: "funding"; readonly value: FundingPayment }
  | { readonly kind: "restored" };

/** Keeps what the adapter publishes and lets a test wait for it. */
class Published {
  readonly events: Event[] = [];
  readonly #waiting = new Set<() => void>();

  #add(event: Event): void {
    this.events.push(event);
    for (const check of this.#waiting) check();
  }

  /** The first event from `from` on that fits. */
  async next<T>(what: string, pick: (event: Event) => T | undefined, from = 0): Promise<T> {
    let seen = from;
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => end(() => reject(new Error(`waited in vain for ${what}`))), patienceMs);
      const end = (finish: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        finish();
      };
      const check = () => {
        for (; seen < this.events.length; seen++) {
          const event = this.events[seen];
          const picked = event === undefined ? undefined : pick(event);
          if (picked !== undefined) return end(() => resolve(picked));
        }
      };
      this.#waiting.add(check);
      check();
    });
  }

  readonly port: Publish = {
    instrument: (value) => (this.#add({ kind: "instrument", value }), 0),
    quote: (_index, bid, _bidSize, ask, _askSize, _ts, _recv, source) =>
      this.#add({ kind: "quote", bid, ask, source }),
    trade: (_index, _side, price, sizeBase) => this.#add({ kind: "trade", price, sizeBase }),
    mark: (_index, markPrice, indexPrice, fundingRate) =>
      this.#add({ kind: "mark", markPrice, indexPrice, fundingRate }),
    book: (value) => this.#add({ kind: "book", value }),
    order: (value) => this.#add({ kind: "order", value }),
    fill: (value) => this.#add({ kind: "fill", value }),
    position: (value) => this.#add({ kind: "position", value }),
    balance: (value) => this.#add({ kind: "balance", value }),
    funding: (value) => this.#add({ kind: "funding", value }),
    health: (value) => this.#add({ kind: "health", value }),
    statistics: () => {},
    privateStreamRestored: () => this.#add({ kind: "restored" }),
  };
}

interface Bench {
  readonly venue: SimulatedVenueControl;
  readonly adapter: ExchangeAdapter;
  readonly trading: Trading;
  readonly published: Published;
  readonly log: ReturnType<typeof recordingLog>;
  readonly signal: AbortSignal;
  /** `POST /v1/orders` and the like, in order. */
  readonly requests: readonly string[];
  readonly restUrl: string;
  /** A token that only reads, made by the account. */
  readOnlyToken(): Promise<string>;
  /** Another adapter on the same venue with other secrets; whoever makes it stops it. */
  anotherAdapter(secrets: SimulatedCredentials): {
    readonly adapter: ExchangeAdapter;
    readonly published: Published;
  };
  /** Stops the protocol simulator and starts another on the same port, with the same books. */
  restartSimulator(): Promise<void>;
}

/** A house that quotes 60,000 / 60,001 with 1 BTC at each of five prices a side. */
function quoteHouse(venue: SimulatedVenueControl, shiftTicks = 0): void {
  const ladder = (first: number, step: number) =>
    new Map(Array.from({ length: 5 }, (_, i) => [first + shiftTicks + i * step, 100_000] as const));
  // Empty first: a ladder that moves through the other side would trade with it.
  for (const side of ["buy", "sell"] as const) venue.quoteHouse("BTC-PERP", side, new Map());
  venue.quoteHouse("BTC-PERP", "buy", ladder(600_000, -10));
  venue.quoteHouse("BTC-PERP", "sell", ladder(600_010, 10));
}

function setMark(venue: SimulatedVenueControl, markPrice: number): void {
  const rest = { indexPrice: 60_002.5, fundingRate: 0.0001, tsNextFundingMs: 0, tsMs: Date.now() };
  venue.setMark({ symbol: "BTC-PERP", markPrice, ...rest });
}

async function withBench(
  options: {
    readonly faults?: Partial<FaultProfile>;
    /** What the adapter is given beside or instead of the made-up ones. */
    readonly credentials?: SimulatedCredentials;
    readonly isOnboarded?: boolean;
    readonly sbeSchemaVersion?: "0" | "1" | "2";
    readonly settings?: Partial<SettingValues<typeof settings>>;
  },
  test: (bench: Bench) => Promise<void>,
): Promise<void> {
  const random = seededRandom(7);
  const venue = createSimulatedVenue({
    venue: "paradex",
    instruments: paradexSimulator.simulatedInstruments,
    clock: realTimeClock(),
    firstId: Date.now() * 1_000,
  });
  venue.deposit(accountId, "100000");
  setMark(venue, 60_000.5);
  quoteHouse(venue);
  const credentials = await paradexSimulator.makeCredentials(random.fork("credentials"));
  const startSimulator = (port: number): Promise<ProtocolSimulator> =>
    paradexSimulator.startSimulator({
      venue,
      accountId,
      credentials: { ...credentials, ONBOARDED: String(options.isOnboarded ?? true) },
      faults: { ...noFaults, ...options.faults },
      random: random.fork("faults"),
      hostname: "127.0.0.1",
      port,
    });
  let simulator = await startSimulator(0);
  const { endpoints } = simulator;
  const log = recordingLog();
  const requests: string[] = [];
  const tokens: string[] = [];
  const makeAdapter = (secrets: SimulatedCredentials) => {
    const published = new Published();
    const adapter = new ParadexAdapter({
      venue: "paradex",
      environment: "sim",
      endpoints,
      symbols: ["BTC-PERP"],
      secret: (name) => secrets[name],
      settings: {
        sbeSchemaVersion: options.sbeSchemaVersion ?? "1",
        quoteChannel: "api",
        bookChannel: "deltas",
        fundingChannel: false,
        cancelOnDisconnect: true,
        recvWindowMs: 10_000,
        rateLimitShare: 0.5,
        makerFeeBps: 0,
        takerFeeBps: 4.5,
        ethereumAddress: "",
        ...options.settings,
      },
      publish: published.port,
      clock: systemClock(),
      scheduler: systemScheduler,
      random: constantRandom,
      log,
      gauge: () => {},
    }, {
      fetch: (url, init) => {
        requests.push(`${init.method} ${new URL(url).pathname}`);
        const bearer = new Headers(init.headers).get("authorization");
        if (bearer !== null) tokens.push(bearer);
        return fetch(url, init);
      },
      openSocket: openWebSocket,
    });
    return { adapter, published };
  };
  const { adapter, published } = makeAdapter({ ...credentials, ...options.credentials });
  const { trading } = adapter;
  assert(trading !== undefined);
  const controller = new AbortController();
  try {
    await test({
      venue,
      adapter,
      trading,
      published,
      log,
      requests,
      signal: controller.signal,
      restUrl: endpoints["rest"] ?? "",
      anotherAdapter: makeAdapter,
      async readOnlyToken() {
        const answer = await fetch(`${endpoints["rest"]}/account/tokens`, {
          method: "POST",
          headers: { authorization: tokens.at(-1) ?? "" },
          body: JSON.stringify({ name: "ro", expiry_duration: 3_600 }),
        });
        return String((await answer.json()).token);
      },
      async restartSimulator() {
        await simulator.stop();
        simulator = await startSimulator(Number(new URL(endpoints["rest"] ?? "").port));
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
const ioc = (ticks: number) =>
  ({ kind: "limit", limitPriceTicks: priceTicks(ticks), timeInForce: "IOC", postOnly: false }) as const;
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

const within = (ms: number): AbortSignal => AbortSignal.timeout(ms);

simulated(
  "an order whose answer is lost is unknown, and the question about it finds it",
  () =>
    withBench({ faults: { loseAnswer: 1 } }, async (bench) => {
      await started(bench);
      const { published, signal, trading } = bench;
      const outcome = await trading.submit(order("lost1"), within(150));
      assertEquals(outcome, { kind: "unknown", why: "timeout", details: "no answer to order.create" });
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
      const outcome = await bench.trading.submit(order("lost2"), within(150));
      assertEquals(outcome.kind, "unknown");
      const key = { instrument: btc, clientOrderId: clientOrderId("lost2"), venueOrderId: undefined };
      assertEquals(await bench.trading.queryOrder(key, bench.signal), { kind: "not_found" });
      assertEquals(bench.venue.orderHistory(accountId), []);
    }),
);

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
  "pushes that come twice are published once",
  () =>
    withBench({ faults: { duplicatePrivatePush: 1 } }, async (bench) => {
      const { published, signal, trading } = bench;
      await started(bench);
      await trading.submit(order("twice1", { pricing: ioc(600_020) }), signal);
      await published.next("the filled order", orderUpdate("twice1", "filled"));
      await trading.submit(order("after1"), signal);
      await published.next("a later order", orderUpdate("after1", "open"));
      const fills = published.events.filter((e) => e.kind === "fill");
      const ends = published.events.filter((e) => orderUpdate("twice1", "filled")(e) !== undefined);
      assertEquals([fills.length, ends.length], [1, 1]);
    }),
);

simulated("when the connection ends, the venue takes the orders back", () =>
  withBench({}, async (bench) => {
    const { adapter, published, signal, trading, venue } = bench;
    await started(bench);
    await trading.submit(order("leave1"), signal);
    await published.next("the open order", orderUpdate("leave1", "open"));
    const isCancelled = new Promise<void>((resolve) => {
      venue.subscribe((e) => {
        if (e.kind === "order" && e.order.status === "cancelled") resolve();
      });
    });
    await adapter.stop();
    await isCancelled;
    assertEquals(venue.order(accountId, { clientOrderId: "leave1" })?.cancelReason, "disconnect");
  }));

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
    withBench({ faults: { gapPublic: 0.2 } }, async (bench) => {
      const { adapter, published, venue } = bench;
      await started(bench);
      adapter.marketData.subscribe([{ instrument: btc, kinds: ["books"] }]);
      await published.next("a book", (e) => e.kind === "book" ? e : undefined);
      let invalidated = 0;
      for (let shift = 1; invalidated < 3; shift++) {
        assert(shift < 400, "no gap in 400 updates");
        quoteHouse(venue, shift % 50);
        await new Promise((resolve) => setTimeout(resolve, 5));
        invalidated = published.events.filter((e) => e.kind === "book" && e.value.kind === "invalid").length;
      }
      quoteHouse(venue, 77);
      const isWhole = () =>
        bestOf(published.events, 5).join() ===
          venue.book("BTC-PERP", 5).bids.map((level) => level.priceTicks).join();
      // A lost update shows at the next one, which may be lost itself.
      for (let nudge = 0; !isWhole(); nudge++) {
        assert(nudge < 400, "the book stayed broken");
        venue.takeHouse("BTC-PERP", "buy", 1);
        await new Promise((resolve) => setTimeout(resolve, 5));
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

const filled = (bench: Bench, id: string, change: Partial<OrderRequest> = {}) => {
  const done = bench.published.next(`${id} filled`, orderUpdate(id, "filled"));
  return bench.trading.submit(order(id, { pricing: ioc(600_100), ...change }), bench.signal).then(() => done);
};

simulated(
  "an order below the minimum is taken in and closed a moment later, as the venue does",
  () =>
    withBench({}, async (bench) => {
      const { published, signal, trading } = bench;
      await started(bench);
      const outcome = await trading.submit(order("tiny", { sizeLots: sizeLots(10) }), signal);
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
    withBench({}, async (bench) => {
      const { published, signal, trading, venue } = bench;
      await started(bench);
      await filled(bench, "entry");
      const stop = (id: string, kind: "stop" | "take_profit", triggerTicks: number): OrderRequest =>
        order(id, {
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

      setMark(venue, 59_000.1);
      setMark(venue, 59_000);
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
  withBench({}, async (bench) => {
    const { signal, trading } = bench;
    await started(bench);
    const wrong = order("off", {
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
      withBench({}, async (bench) => {
        const { adapter, requests, signal, trading, venue } = bench;
        // The sockets are not up yet when the start returns.
        if (transport === "REST") await adapter.start(signal);
        else await started(bench);
        const ids = Array.from({ length: 12 }, (_, i) => `bt${i}`);
        const outcomes = await trading.submitBatch?.([...ids, "bt0"].map((id) => order(id)), signal) ?? [];
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
        const gone = { ...order("gone"), venueOrderId: venueOrderId("17") };
        const cancels = await trading.cancelBatch?.([...keys.slice(0, 9), gone], signal) ?? [];
        assertEquals(cancels.map(({ kind }) => kind), [
          ...Array.from({ length: 9 }, () => "acknowledged"),
          "already_done",
        ]);
        assertEquals(venue.openOrders(accountId).map((one) => one.clientOrderId), ["bt9"]);
        assertEquals(requests.includes("POST /v1/orders/batch"), transport === "REST");
      }),
  );
}

simulated("the binary messages of every schema version carry markets and account", async () => {
  for (const sbeSchemaVersion of ["0", "1", "2"] as const) {
    await withBench({ sbeSchemaVersion }, async (bench) => {
      const { adapter, published, venue } = bench;
      await started(bench);
      adapter.marketData.subscribe([{ instrument: btc, kinds: ["quotes", "trades", "marks", "books"] }]);
      await published.next(
        "a snapshot",
        (e) => e.kind === "book" && e.value.kind === "snapshot" ? e : undefined,
      );
      venue.takeHouse("BTC-PERP", "buy", 500);
      await published.next("a trade", (e) => e.kind === "trade" ? e : undefined);
      setMark(venue, 60_001.5);
      const mark = await published.next("a mark", (e) => e.kind === "mark" ? e : undefined);
      assertEquals(mark.fundingRate, 0.0001);
      const done = await filled(bench, "sbe");
      assertEquals(done.filledLots, sizeLots(1_000));
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
      assertEquals([position.positionLots, position.entryPrice], [sizeLots(1_000), 60_001]);
      await published.next("the balance", (e) => e.kind === "balance" ? e.value : undefined);
    });
  }
});

simulated(
  "klines, past funding, time, status and funding payments are answered",
  () =>
    withBench({}, async (bench) => {
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
      assertEquals([kline?.closePrice, kline?.volumeBase], [60_001, 0.01]);
      setMark(venue, 60_010);
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
      const refused = await trading.submit(order("late"), signal);
      assertEquals(refused.kind === "rejected" && refused.code, "maintenance");
    }),
);

simulated(
  "leverage is set for cross margin, whole numbers within the market's limit",
  () =>
    withBench({}, async (bench) => {
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
  await withBench({}, async (bench) => {
    const { published, signal, trading, venue } = bench;
    await started(bench);
    await trading.submit(order("own"), signal);
    await published.next("the open order", orderUpdate("own", "open"));
    const token = await bench.readOnlyToken();
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
      const refused = await reading.submit(order("never"), signal);
      assertEquals(refused.kind === "rejected" && refused.code, "permission");
      assertEquals(reader.adapter.capabilities.cancelAll, false);
      quoteHouse(venue, -2_000); // fills the resting order
      await reader.published.next("somebody's fill", (e) => e.kind === "fill" ? e : undefined);
      // The venue itself refuses what the adapter would never send.
      const answer = await fetch(`${bench.restUrl}/orders`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${token}` },
      });
      assertEquals([answer.status, (await answer.json()).error], [403, "INVALID_TOKEN_SCOPE"]);
    } finally {
      await reader.adapter.stop();
    }
  });
});
