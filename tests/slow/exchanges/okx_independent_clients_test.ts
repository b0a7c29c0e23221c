/**
 * The simulated OKX driven by clients that others wrote: `okx-api` over REST, the private WebSocket and its order entry,
 * and `ccxt` over REST. What they sign, send and understand is their reading of the venue's documents, not ours.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import ccxt from "ccxt";
// @ts-types="./okx_api.d.ts"
import { DefaultLogger, RestClient, WebsocketAPIClient, WebsocketClient } from "okx-api";
import { makeCredentials, simulatedInstruments, startSimulator } from "../../../exchanges/okx/simulator.ts";
import { realTimeClock } from "../../../exchanges/simulation/clock.ts";
import { noFaults } from "../../../exchanges/simulation/faults.ts";
import { seededRandom } from "../../../exchanges/simulation/random.ts";
import {
  createSimulatedVenue,
  type SimulatedVenueControl,
} from "../../../exchanges/simulation/simulated_venue.ts";

const accountId = "trader";
const instId = "BTC-USDT-SWAP";
const instIdCode = 10_459;

interface Stand {
  readonly venue: SimulatedVenueControl;
  readonly restUrl: string;
  readonly wsPrivateUrl: string;
  readonly keys: { readonly apiKey: string; readonly apiSecret: string; readonly apiPass: string };
}

async function withStand(test: (stand: Stand) => Promise<void>): Promise<void> {
  const random = seededRandom(11);
  const venue = createSimulatedVenue({
    venue: "okx",
    instruments: simulatedInstruments,
    clock: realTimeClock(),
    firstId: Date.now() * 1_000,
  });
  venue.deposit(accountId, "100000");
  for (const [side, first, step] of [["buy", 600_000, -10], ["sell", 600_010, 10]] as const) {
    venue.quoteHouse(
      "BTC-PERP",
      side,
      new Map(Array.from({ length: 5 }, (_, i) => [first + i * step, 100_000])),
    );
  }
  const rest = { indexPrice: 60_000, fundingRate: 0.0001, tsNextFundingMs: Date.now() + 3_600_000 };
  venue.setMark({ symbol: "BTC-PERP", markPrice: 60_000.5, ...rest, tsMs: Date.now() });
  const credentials = await makeCredentials(random.fork("credentials"));
  const simulator = await startSimulator({
    venue,
    accountId,
    credentials,
    faults: noFaults,
    random: random.fork("faults"),
    hostname: "127.0.0.1",
    port: 0,
  });
  try {
    await test({
      venue,
      restUrl: simulator.endpoints["restUrl"] ?? "",
      wsPrivateUrl: simulator.endpoints["wsPrivateUrl"] ?? "",
      keys: {
        apiKey: credentials["OKX_API_KEY"] ?? "",
        apiSecret: credentials["OKX_SECRET_KEY"] ?? "",
        apiPass: credentials["OKX_PASSPHRASE"] ?? "",
      },
    });
  } finally {
    await simulator.stop();
  }
}

// Sockets and pools of these packages wind down by themselves.
const driven = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });

const silent = { ...DefaultLogger, trace: () => {}, info: () => {}, error: () => {} };

driven(
  "okx-api by REST: orders, changes, cancels, fills, positions, trigger orders, leverage",
  () =>
    withStand(async ({ venue, restUrl, keys }) => {
      const client = new RestClient({ ...keys, baseUrl: restUrl });
      const [config] = await client.getAccountConfiguration();
      assertEquals(config?.posMode, "net_mode");
      const instruments = await client.getInstruments({ instType: "SWAP" });
      assertEquals(instruments.find((one) => one.instId === instId)?.ctVal, "0.01");

      const order = { instId, tdMode: "cross", side: "buy", sz: "1" } as const;
      const [resting] = await client.submitOrder({
        ...order,
        ordType: "post_only",
        px: "59900",
        clOrdId: "rest1",
      });
      assertEquals([resting?.sCode, venue.openOrders(accountId).length], ["0", 1]);
      const [amended] = await client.amendOrder({ instId, clOrdId: "rest1", newPx: "59800.1", newSz: "2" });
      assertEquals([amended?.sCode, venue.openOrders(accountId)[0]?.sizeLots], ["0", 200]);
      const [found] = await client.getOrderDetails({ instId, clOrdId: "rest1" });
      assertEquals([found?.state, found?.px, found?.sz], ["live", "59800.1", "2"]);
      assertEquals((await client.getOrderList({ instType: "SWAP" })).map((one) => one.clOrdId), ["rest1"]);
      await client.cancelOrder({ instId, clOrdId: "rest1" });
      assertEquals(venue.openOrders(accountId), []);

      await client.submitOrder({ ...order, ordType: "ioc", px: "60001", clOrdId: "take1" });
      const [fill] = await client.getFills({ instType: "SWAP" });
      assertEquals([fill?.clOrdId, fill?.fillPx, fill?.fillSz, fill?.fee, fill?.execType], [
        "take1",
        "60001",
        "1",
        "-0.300005",
        "T",
      ]);
      const [position] = await client.getPositions({ instType: "SWAP" });
      assertEquals([position?.pos, position?.avgPx, position?.posSide], ["1", "60001", "net"]);
      const [balance] = await client.getBalance();
      assertEquals(balance?.details.map((one) => one.ccy), ["USDT"]);

      const [algo] = await client.placeAlgoOrder({
        ...order,
        side: "sell",
        ordType: "conditional",
        algoClOrdId: "stop1",
        slTriggerPx: "59000",
        slOrdPx: "-1",
        slTriggerPxType: "mark",
        reduceOnly: true,
      });
      assertEquals(algo?.sCode, "0");
      const pending = await client.getAlgoOrderList({ ordType: "conditional" });
      assertEquals(pending.map((one) => [one.algoId, one.slTriggerPx]), [[algo?.algoId ?? "", "59000"]]);
      await client.cancelAlgoOrder([{ instId, algoId: algo?.algoId ?? "" }]);
      assertEquals(await client.getAlgoOrderList({ ordType: "conditional" }), []);

      const batch = await client.submitMultipleOrders([
        { ...order, ordType: "limit", px: "59000", clOrdId: "many1" },
        { ...order, ordType: "limit", px: "59000.1", clOrdId: "many2" },
      ]);
      assertEquals(batch.map(({ sCode }) => sCode), ["0", "0"]);
      const cancelled = await client.cancelMultipleOrders([{ instId, clOrdId: "many1" }, {
        instId,
        clOrdId: "many2",
      }]);
      assertEquals(cancelled.map(({ sCode }) => sCode), ["0", "0"]);
      const [leverage] = await client.setLeverage({ instId, lever: "5", mgnMode: "cross" });
      assertEquals([leverage?.lever, venue.positions(accountId)[0]?.leverage], ["5", 5]);
      const candles = await client.getCandles({ instId, bar: "1m" });
      assertEquals(candles[0]?.slice(1, 5), ["60001", "60001", "60001", "60001"]);
      const [armed] = await client.cancelAllAfter({ timeOut: "10" });
      assert(Number(armed?.triggerTime) > Date.now());
      await client.cancelAllAfter({ timeOut: "0" });
    }),
);

driven(
  "okx-api with a wrong secret is refused as at the venue",
  () =>
    withStand(async ({ restUrl, keys }) => {
      const client = new RestClient({ ...keys, apiSecret: "wrong", baseUrl: restUrl });
      const refused: unknown = await client.getBalance().catch((error: unknown) => error);
      assert(JSON.stringify(refused).includes("50113"), JSON.stringify(refused));
    }),
);

driven(
  "okx-api on the private WebSocket: login, account channels, order entry",
  () =>
    withStand(async ({ venue, wsPrivateUrl, keys }) => {
      const stream = new WebsocketClient({ accounts: [keys], wsUrl: wsPrivateUrl }, silent);
      const waiting = new Map<string, (rows: readonly unknown[]) => void>();
      stream.on(
        "update",
        (message: { readonly arg?: { readonly channel?: string }; readonly data?: readonly unknown[] }) => {
          waiting.get(message.arg?.channel ?? "")?.(message.data ?? []);
        },
      );
      stream.on("exception", () => {});
      const next = (channel: string, fits: (row: unknown) => boolean): Promise<unknown> =>
        new Promise((resolve, reject) => {
          const timer = setTimeout(() => reject(new Error(`waited in vain for ${channel}`)), 8_000);
          waiting.set(channel, (rows) => {
            const found = rows.find(fits);
            if (found === undefined) return;
            clearTimeout(timer);
            waiting.delete(channel);
            resolve(found);
          });
        });
      const field = (row: unknown, name: string): unknown =>
        typeof row === "object" && row !== null ? Reflect.get(row, name) : undefined;
      const account = next("account", () => true);
      stream.subscribe([
        { channel: "orders", instType: "SWAP" },
        { channel: "positions", instType: "SWAP" },
        { channel: "account" },
      ]);
      assertEquals(field(await account, "totalEq"), "100000");

      const entry = new WebsocketAPIClient({
        accounts: [keys],
        wsUrl: wsPrivateUrl,
        attachEventListeners: false,
      }, silent);
      entry.getWSClient().on("exception", () => {});
      const filled = next("orders", (row) => field(row, "state") === "filled");
      const position = next("positions", (row) => field(row, "pos") === "-2");
      const terms = { instId, instIdCode, tdMode: "cross", side: "sell", sz: "2" } as const;
      const placed = await entry.submitNewOrder({
        ...terms,
        ordType: "ioc",
        px: "60000",
        clOrdId: "socket1",
      });
      assertEquals([placed.code, placed.data[0]?.sCode], ["0", "0"]);
      const push = await filled;
      assertEquals([field(push, "clOrdId"), field(push, "fillPx"), field(push, "accFillSz")], [
        "socket1",
        "60000",
        "2",
      ]);
      assertEquals(field(await position, "avgPx"), "60000");
      const resting = await entry.submitNewOrder({
        ...terms,
        ordType: "limit",
        px: "61000",
        clOrdId: "socket2",
      });
      assertEquals(resting.data[0]?.sCode, "0");
      // Its request names the instrument by name alone: the venue wants the code since 2026.
      await assertRejects(async () => await entry.cancelOrder({ instId, clOrdId: "socket2" }));
      assertEquals(venue.openOrders(accountId).map((one) => one.clientOrderId), ["socket2"]);
      stream.closeAll(true);
      entry.getWSClient().closeAll(true);
    }),
);

driven(
  "ccxt by REST: markets, orders, fills, positions, balance, klines, funding",
  () =>
    withStand(async ({ venue, restUrl, keys }) => {
      const client = new ccxt.okx({
        apiKey: keys.apiKey,
        secret: keys.apiSecret,
        password: keys.apiPass,
        options: { defaultType: "swap", fetchMarkets: { types: ["swap"] } },
      });
      client.urls["api"] = { rest: restUrl };
      client.has["fetchCurrencies"] = false;
      const markets = await client.loadMarkets();
      const market = markets["BTC/USDT:USDT"];
      assertEquals([market?.contractSize, market?.precision.price, market?.linear], [0.01, 0.1, true]);
      const symbol = "BTC/USDT:USDT";
      const order = await client.createOrder(symbol, "limit", "buy", 1, 59_900, {
        clientOrderId: "ccxt1",
        tdMode: "cross",
      });
      assertEquals(venue.openOrders(accountId).map((one) => one.orderId), [order.id]);
      assertEquals(
        (await client.fetchOpenOrders(symbol)).map((one) => [one.clientOrderId, one.price, one.amount]),
        [[
          "ccxt1",
          59_900,
          1,
        ]],
      );
      await client.cancelOrder(order.id ?? "", symbol);
      assertEquals(venue.openOrders(accountId), []);
      await client.createOrder(symbol, "market", "buy", 2, undefined, { tdMode: "cross" });
      const [trade] = await client.fetchMyTrades(symbol);
      assertEquals([trade?.price, trade?.amount, trade?.fee?.cost], [60_001, 2, 0.60001]);
      const [position] = await client.fetchPositions([symbol]);
      assertEquals([position?.contracts, position?.side, position?.entryPrice], [2, "long", 60_001]);
      // Equity: 100,000 less the fee of 0.60001, and 0.02 BTC are worth 0.5 less a BTC at the mark.
      assertEquals((await client.fetchBalance())["USDT"]?.total, 99_999.38999);
      const [candle] = await client.fetchOHLCV(symbol, "1m");
      assertEquals(candle?.slice(1, 5), [60_001, 60_001, 60_001, 60_001]);
      const book = await client.fetchOrderBook(symbol, 5);
      assertEquals([book.bids[0]?.[0], book.asks[0]?.[0]], [60_000, 60_001]);
      assertEquals((await client.fetchFundingRate(symbol)).fundingRate, 0.0001);
      assertEquals((await client.fetchStatus()).status, "ok");
      await assertRejects(() => client.createOrder(symbol, "limit", "buy", 1, 90_000, { tdMode: "cross" }));
    }),
);
