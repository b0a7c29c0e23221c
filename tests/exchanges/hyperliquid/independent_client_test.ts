/**
 * The simulated venue driven by another project's client, which was written for the real one: what it signs, sends
 * and expects is not of our making.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ActiveAssetCtxWsEvent,
  ApiRequestError,
  type BboWsEvent,
  type ClearinghouseStateWsEvent,
  ExchangeClient,
  HttpTransport,
  InfoClient,
  type L2BookWsEvent,
  SubscriptionClient,
  type TradesWsEvent,
  type UserFillsWsEvent,
  WebSocketTransport,
} from "@nktkas/hyperliquid";
import { accountId, type Served, served } from "./simulated.ts";
import { typedDataWallet } from "./wallet.ts";

interface Clients {
  readonly exchange: ExchangeClient;
  readonly overSocket: ExchangeClient;
  readonly info: InfoClient;
  readonly subscriptions: SubscriptionClient;
  readonly user: `0x${string}`;
}

async function withClients(
  test: (clients: Clients, bench: Served) => Promise<void>,
  options: Parameters<typeof served>[0] = {},
): Promise<void> {
  const bench = await served(options);
  const http = new HttpTransport({ isTestnet: true, apiUrl: bench.restUrl });
  const socket = new WebSocketTransport({ isTestnet: true, url: bench.wsUrl });
  const wallet = typedDataWallet(bench.credentials["HYPERLIQUID_AGENT_PRIVATE_KEY"] ?? "");
  try {
    const user = typedDataWallet(bench.credentials["HYPERLIQUID_MASTER_PRIVATE_KEY"] ?? "").address;
    await test({
      exchange: new ExchangeClient({ transport: http, wallet }),
      overSocket: new ExchangeClient({ transport: socket, wallet }),
      info: new InfoClient({ transport: http }),
      subscriptions: new SubscriptionClient({ transport: socket }),
      user,
    }, bench);
  } finally {
    await socket.close();
    await bench.stop();
  }
}

// The client's socket and the server's timers wind down by themselves after close() and stop().
const independently = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });

const cloid = (digit: string): `0x${string}` => `0x${digit.repeat(32)}`;
const order = (change: Readonly<Record<string, unknown>> = {}) => ({
  a: 0,
  b: true,
  p: "59900",
  s: "0.1",
  r: false,
  t: { limit: { tif: "Gtc" as const } },
  ...change,
});
const place = (one: ReturnType<typeof order>) => ({ orders: [one], grouping: "na" as const });

/** The first event that fits, within reason. */
async function firstOf<T>(
  subscribe: (listener: (event: T) => void) => Promise<unknown>,
  fits: (event: T) => boolean = () => true,
): Promise<T> {
  const found = Promise.withResolvers<T>();
  const timer = setTimeout(() => found.reject(new Error("no event came")), 8_000);
  await subscribe((event) => {
    if (fits(event)) found.resolve(event);
  });
  return await found.promise.finally(() => clearTimeout(timer));
}

independently(
  "it reads metadata, books, contexts and the account",
  () =>
    withClients(async ({ info, user }) => {
      const [meta, contexts] = await info.metaAndAssetCtxs();
      assertEquals(meta.universe[0]?.name, "BTC");
      assertEquals([meta.universe[5]?.name, meta.universe[2]?.isDelisted], ["SOL", true]);
      assertEquals([contexts.length, contexts[0]?.markPx], [meta.universe.length, "60000.5"]);
      const book = await info.l2Book({ coin: "BTC" });
      assertEquals(book?.levels[0][0], { px: "60000.0", sz: "10.0", n: 1 });
      assertEquals(await info.l2Book({ coin: "NOPE" }), null);
      const state = await info.clearinghouseState({ user });
      assertEquals([state.marginSummary.accountValue, state.withdrawable, state.assetPositions], [
        "100000",
        "100000",
        [],
      ]);
      const fees = await info.userFees({ user });
      assertEquals([fees.userCrossRate, fees.userAddRate], ["0.00045", "0.00015"]);
      assertEquals((await info.userRole({ user })).role, "user");
    }),
);

independently(
  "it places, sees, changes and cancels orders by HTTP",
  () =>
    withClients(async ({ exchange, info, user }, { venue }) => {
      const placed = await exchange.order(place(order({ c: cloid("a") })));
      const [status] = placed.response.data.statuses;
      assert(typeof status === "object" && "resting" in status);
      assertEquals(status.resting.cloid, cloid("a"));
      const [open] = await info.openOrders({ user });
      assertEquals([open?.oid, open?.limitPx, open?.sz, open?.side], [
        status.resting.oid,
        "59900.0",
        "0.1",
        "B",
      ]);

      const changed = await exchange.batchModify({
        modifies: [{ oid: status.resting.oid, order: order({ p: "59800", s: "0.2", c: cloid("a") }) }],
      });
      const [modified] = changed.response.data.statuses;
      assert(typeof modified === "object" && "resting" in modified);
      assert(modified.resting.oid !== status.resting.oid, "a change has a new number");
      const now = await info.orderStatus({ user, oid: cloid("a") });
      assert(now.status === "order");
      assertEquals([now.order.order.oid, now.order.order.origSz, now.order.status], [
        modified.resting.oid,
        "0.2",
        "open",
      ]);
      const before = await info.orderStatus({ user, oid: status.resting.oid });
      assertEquals(before.status === "order" ? before.order.status : "", "canceled");

      await exchange.cancelByCloid({ cancels: [{ asset: 0, cloid: cloid("a") }] });
      assertEquals(venue.openOrders(accountId), []);
      const again = exchange.cancel({ cancels: [{ a: 0, o: modified.resting.oid }] });
      const error = await assertRejects(() => again, ApiRequestError);
      assert(error.message.includes("Order was never placed, already canceled, or filled. asset=0"));
    }),
);

independently(
  "it trades over the socket and hears of it on the account's channels",
  () =>
    withClients(async ({ overSocket, subscriptions, info, user }, { venue }) => {
      const updates: string[] = [];
      await subscriptions.orderUpdates(
        { user },
        (event) => void updates.push(...event.map((one) => one.status)),
      );
      const fill = firstOf<UserFillsWsEvent>(
        (listener) => subscriptions.userFills({ user }, listener),
        (event) => event.isSnapshot !== true,
      );
      const state = firstOf<ClearinghouseStateWsEvent>(
        (listener) => subscriptions.clearinghouseState({ user }, listener),
        (event) => event.clearinghouseState.assetPositions.length === 1,
      );
      const placed = await overSocket.order(
        place(order({ p: "60010", t: { limit: { tif: "Ioc" } }, c: cloid("b") })),
      );
      const [status] = placed.response.data.statuses;
      assert(typeof status === "object" && "filled" in status);
      assertEquals([status.filled.totalSz, status.filled.avgPx], ["0.1", "60001"]);

      const { fills: [told] } = await fill;
      assertEquals([told?.px, told?.sz, told?.dir, told?.crossed, told?.cloid, told?.fee], [
        "60001.0",
        "0.1",
        "Open Long",
        true,
        cloid("b"),
        "2.700045", // 6000.1 × 0.00045
      ]);
      const { clearinghouseState } = await state;
      assertEquals(clearinghouseState.assetPositions[0]?.position.szi, "0.1");
      assertEquals(updates, ["open", "filled"]);
      const [listed] = await info.userFillsByTime({ user, startTime: 0 });
      assertEquals([listed?.tid, listed?.oid], [told?.tid, told?.oid]);

      await overSocket.updateLeverage({ asset: 0, isCross: false, leverage: 7 });
      assertEquals(venue.positions(accountId)[0]?.leverage, 7);
    }),
);

independently("it hears the market", () =>
  withClients(async ({ subscriptions }, { venue }) => {
    const top = await firstOf<BboWsEvent>((listener) => subscriptions.bbo({ coin: "BTC" }, listener));
    assertEquals(top.bbo, [{ px: "60000.0", sz: "10.0", n: 1 }, { px: "60001.0", sz: "10.0", n: 1 }]);
    const book = await firstOf<L2BookWsEvent>((listener) =>
      subscriptions.l2Book({ coin: "BTC", fast: true }, listener)
    );
    assertEquals([book.levels[0].length, book.levels[1][4]?.px], [5, "60005.0"]);
    const context = await firstOf<ActiveAssetCtxWsEvent>((listener) =>
      subscriptions.activeAssetCtx({ coin: "BTC" }, listener)
    );
    assertEquals([context.ctx.markPx, context.ctx.oraclePx], ["60000.5", "60002.5"]);
    const trade = firstOf<TradesWsEvent>((listener) => subscriptions.trades({ coin: "BTC" }, listener));
    venue.takeHouse("BTC-PERP", "sell", 5_000);
    const [one] = await trade;
    assertEquals([one?.side, one?.px, one?.sz], ["A", "60000.0", "0.05"]);
  }));

const refusals: readonly {
  readonly name: string;
  readonly order: Readonly<Record<string, unknown>>;
  readonly text: string;
}[] = [
  { name: "six figures", order: { p: "59900.5" }, text: "Price must be divisible by tick size. asset=0" },
  {
    name: "too many decimals",
    order: { a: 1, p: "2900.123" },
    text: "Price must be divisible by tick size. asset=1",
  },
  { name: "a size off the lot", order: { s: "0.000001" }, text: "Order has invalid size. asset=0" },
  { name: "no size", order: { s: "0" }, text: "Order has zero size. asset=0" },
  { name: "under 10 USD", order: { s: "0.0001" }, text: "Order must have minimum value of $10. asset=0" },
  {
    name: "post-only across",
    order: { p: "60001", t: { limit: { tif: "Alo" } } },
    text: "Post only order would have immediately matched, bbo was 60000.0@60001.0. asset=0",
  },
  {
    name: "IOC without a match",
    order: { p: "59900", t: { limit: { tif: "Ioc" } } },
    text: "Order could not immediately match against any resting orders. asset=0",
  },
  {
    name: "reduce-only from flat",
    order: { r: true },
    text: "Reduce only order would increase position. asset=0",
  },
  {
    name: "beyond the band",
    order: { p: "1000" },
    text: "more than 80% away from the reference price asset=0",
  },
  { name: "beyond the margin", order: { s: "900" }, text: "Insufficient margin to place order. asset=0" },
  { name: "an asset that is delisted", order: { a: 2, p: "10", s: "2" }, text: "Order has invalid asset." },
];
independently("it is refused in the venue's words", () =>
  withClients(async ({ exchange }) => {
    for (const { name, order: change, text } of refusals) {
      const error = await assertRejects(
        () => exchange.order(place(order(change))),
        ApiRequestError,
        undefined,
        name,
      );
      assert(error.message.includes(text), `${name}: ${error.message}`);
    }
    // Whole numbers are prices whatever their figures.
    await exchange.order(place(order({ p: "59901" })));
  }));

independently(
  "a signature that is anyone else's is of a wallet that does not exist",
  () =>
    withClients(async (_clients, bench) => {
      const stranger = typedDataWallet(`0x${"12".repeat(32)}`);
      const transport = new HttpTransport({ isTestnet: true, apiUrl: bench.restUrl });
      const error = await assertRejects(
        () => new ExchangeClient({ transport, wallet: stranger }).order(place(order())),
        ApiRequestError,
      );
      assert(error.message.includes(`User or API Wallet ${stranger.address.toLowerCase()} does not exist.`));
      // Mainnet's signature means nothing here.
      const agent = typedDataWallet(bench.credentials["HYPERLIQUID_AGENT_PRIVATE_KEY"] ?? "");
      const mainnet = new HttpTransport({ isTestnet: false, apiUrl: bench.restUrl });
      const wrong = await assertRejects(
        () => new ExchangeClient({ transport: mainnet, wallet: agent }).order(place(order())),
        ApiRequestError,
      );
      assert(/User or API Wallet 0x[0-9a-f]{40} does not exist/.test(wrong.message), wrong.message);
    }),
);

independently(
  "the master approves an agent, which then trades, and replaces it",
  () =>
    withClients(async ({ info, user }, bench) => {
      const transport = new HttpTransport({ isTestnet: true, apiUrl: bench.restUrl });
      const master = new ExchangeClient({
        transport,
        wallet: typedDataWallet(bench.credentials["HYPERLIQUID_MASTER_PRIVATE_KEY"] ?? ""),
      });
      const [first, second] = ["21", "22"].map((byte) => typedDataWallet(`0x${byte.repeat(32)}`));
      assert(first !== undefined && second !== undefined);
      const asAgent = (wallet: typeof first) => new ExchangeClient({ transport, wallet });
      await assertRejects(() => asAgent(first).order(place(order())), ApiRequestError, "does not exist");
      await master.approveAgent({ agentAddress: first.address, agentName: "desk1" });
      await asAgent(first).order(place(order()));
      assertEquals((await info.extraAgents({ user })).map((agent) => agent.name), ["desk1"]);
      assertEquals((await info.userRole({ user: first.address })).role, "agent");

      await master.approveAgent({ agentAddress: second.address, agentName: "desk1" });
      await assertRejects(() => asAgent(first).order(place(order())), ApiRequestError, "does not exist");
      await asAgent(second).order(place(order({ p: "59901" })));
      await assertRejects(
        () => asAgent(second).approveAgent({ agentAddress: first.address, agentName: "desk2" }),
        ApiRequestError,
      );
    }),
);

independently(
  "scheduled cancel wants volume, and then cancels everything",
  () =>
    withClients(async ({ exchange }) => {
      const error = await assertRejects(
        () => exchange.scheduleCancel({ time: Date.now() + 6_000 }),
        ApiRequestError,
      );
      assert(error.message.includes("Required: $1000000. Traded: $0.00."), error.message);
    }).then(() =>
      withClients(async ({ exchange }) => {
        await assertRejects(() => exchange.scheduleCancel({ time: Date.now() + 1_000 }), ApiRequestError);
        await exchange.scheduleCancel({ time: Date.now() + 60_000 });
        await exchange.scheduleCancel();
      }, { priorVolumeUsd: 2_000_000 })
    ),
);

independently("an unknown coin takes the connection down without a word", async () => {
  const bench = await served();
  const socket = new WebSocket(bench.wsUrl);
  const frames: unknown[] = [];
  const closed = Promise.withResolvers<void>();
  socket.onmessage = (event) => void frames.push(event.data);
  socket.onclose = () => closed.resolve();
  socket.onopen = () =>
    socket.send(JSON.stringify({ method: "subscribe", subscription: { type: "bbo", coin: "btc" } }));
  await closed.promise;
  assertEquals(frames, []);
  await bench.stop();
});
