/**
 * The simulated venue driven by ccxt's Paradex client, which was written for the real one: what it derives, signs, sends
 * and expects is not of our making.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import ccxt from "ccxt";
import {
  deriveAccount,
  ethereumAddressOf,
  parseEthereumKey,
} from "../../../exchanges/paradex/ethereum_key.ts";
import { hex } from "../../../exchanges/paradex/signing.ts";
import * as paradexSimulator from "../../../exchanges/paradex/simulator.ts";
import { systemConfig } from "../../../exchanges/paradex/simulator/accounts.ts";
import { StarkCurve } from "../../../exchanges/paradex/stark_curve.ts";
import { noFaults } from "../../../exchanges/simulation/faults.ts";
import { realTimeClock } from "../../../exchanges/simulation/clock.ts";
import { seededRandom } from "../../../exchanges/simulation/random.ts";
import {
  createSimulatedVenue,
  type SimulatedVenueControl,
} from "../../../exchanges/simulation/simulated_venue.ts";

/** Made up. */
const ethereumKey = `0x${"c0ffee0123456789".repeat(4)}`;
const accountId = "main";
const symbol = "BTC/USD:USDC";

type Client = InstanceType<typeof ccxt.paradex>;

async function withClient(
  test: (client: Client, venue: SimulatedVenueControl) => Promise<void>,
  options: { readonly isOnboarded?: boolean } = {},
): Promise<void> {
  const venue = createSimulatedVenue({
    venue: "paradex",
    instruments: paradexSimulator.simulatedInstruments,
    clock: realTimeClock(),
    firstId: Date.now() * 1_000,
  });
  venue.deposit(accountId, "100000");
  setMark(venue, 60_000.5);
  const ladder = (first: number, step: number) =>
    new Map(Array.from({ length: 5 }, (_, i) => [first + i * step, 100_000] as const));
  venue.quoteHouse("BTC-PERP", "buy", ladder(600_000, -10));
  venue.quoteHouse("BTC-PERP", "sell", ladder(600_010, 10));
  const key = parseEthereumKey(ethereumKey, "test");
  const account = deriveAccount(new StarkCurve(), key, {
    l1ChainId: BigInt(systemConfig.l1_chain_id),
    proxyHash: BigInt(systemConfig.paraclear_account_proxy_hash),
    accountHash: BigInt(systemConfig.paraclear_account_hash),
  });
  const simulator = await paradexSimulator.startSimulator({
    venue,
    accountId,
    credentials: {
      PARADEX_ACCOUNT: hex(account.address),
      PARADEX_PRIVATE_KEY: hex(account.privateKey),
      ONBOARDED: String(options.isOnboarded ?? true),
    },
    faults: noFaults,
    random: seededRandom(7).fork("faults"),
    hostname: "127.0.0.1",
    port: 0,
  });
  const client = new ccxt.paradex({
    privateKey: ethereumKey,
    walletAddress: ethereumAddressOf(key),
    enableRateLimit: false,
  });
  client.urls["api"] = { v1: simulator.endpoints["rest"], v2: simulator.endpoints["rest"] };
  try {
    await test(client, venue);
  } finally {
    await client.close();
    await simulator.stop();
  }
}

function setMark(venue: SimulatedVenueControl, markPrice: number): void {
  venue.setMark({
    symbol: "BTC-PERP",
    markPrice,
    indexPrice: markPrice + 1,
    fundingRate: 0.0001,
    tsNextFundingMs: venue.clock.nowMs() + 3_600_000,
    tsMs: venue.clock.nowMs(),
  });
}

function idOf({ id }: { readonly id?: string | undefined }): string {
  if (id === undefined) throw new Error("the client names no id");
  return id;
}

// The client's connections and the server's timers wind down by themselves.
const independently = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });

independently(
  "ccxt derives the same account from the same Ethereum key, is onboarded and gets a token",
  () =>
    withClient(async (client) => {
      await client.loadMarkets();
      const early = await assertRejects(() => client.fetchBalance());
      assert(String(early).includes("NOT_ONBOARDED"), String(early));
      await client.onboarding();
      const balance = await client.fetchBalance();
      assertEquals(balance["USDC"]?.total, 100_000);
    }, { isOnboarded: false }),
);

independently(
  "ccxt reads markets, prices, books, trades, klines and funding",
  () =>
    withClient(async (client, venue) => {
      const markets = await client.loadMarkets();
      assertEquals([markets[symbol]?.precision.price, markets[symbol]?.limits.amount?.max], [0.1, 100]);
      assert(Math.abs(Number(await client.fetchTime()) - venue.clock.nowMs()) < 5_000);
      assertEquals((await client.fetchStatus()).status, "ok");
      const ticker = await client.fetchTicker(symbol);
      assertEquals([ticker.bid, ticker.ask], [60_000, 60_001]);
      const book = await client.fetchOrderBook(symbol);
      assertEquals([book.bids.length, book.asks[0]], [5, [60_001, 1]]);
      venue.takeHouse("BTC-PERP", "buy", 500);
      const [trade] = await client.fetchTrades(symbol);
      assertEquals([trade?.side, trade?.price, trade?.amount], ["buy", 60_001, 0.005]);
      const bars = await client.fetchOHLCV(symbol, "1m");
      assertEquals(bars.at(-1)?.slice(1), [60_001, 60_001, 60_001, 60_001, 0.005]);
      setMark(venue, 60_001);
      const [funding] = await client.fetchFundingRateHistory(symbol);
      assertEquals(funding?.fundingRate, 0.0001);
    }),
);

independently(
  "orders that ccxt signs are taken, found, cancelled and filled",
  () =>
    withClient(async (client, venue) => {
      await client.loadMarkets();
      const placed = await client.createOrder(symbol, "limit", "buy", 0.02, 59_000.1, {
        clientOrderId: "ccxt1",
        postOnly: true,
      });
      assertEquals([placed.status, placed.price, placed.amount], ["open", 59_000.1, 0.02]);
      assertEquals(
        venue.openOrders(accountId).map((one) => [one.clientOrderId, one.limitPriceTicks, one.postOnly]),
        [
          ["ccxt1", 590_001, true],
        ],
      );
      const [open] = await client.fetchOpenOrders(symbol);
      assertEquals([open?.id, open?.clientOrderId], [placed.id, "ccxt1"]);
      await client.cancelOrder(idOf(placed), symbol);
      assertEquals(venue.openOrders(accountId), []);
      assertEquals((await client.fetchOrder(idOf(placed), symbol)).status, "canceled");

      await client.createOrder(symbol, "market", "buy", 0.01);
      const [position] = await client.fetchPositions([symbol]);
      assertEquals([position?.side, position?.contracts, position?.entryPrice], ["long", 0.01, 60_001]);
      const [fill] = await client.fetchMyTrades(symbol);
      assertEquals([fill?.price, fill?.amount, fill?.takerOrMaker, fill?.fee?.currency], [
        60_001,
        0.01,
        "taker",
        "USDC",
      ]);
    }),
);

independently(
  "ccxt's change of an order, its batches and its stops are understood",
  () =>
    withClient(async (client, venue) => {
      await client.loadMarkets();
      const placed = await client.createOrder(symbol, "limit", "buy", 0.02, 59_000);
      const changed = await client.editOrder(idOf(placed), symbol, "limit", "buy", 0.03, 58_900);
      assertEquals([changed.id, changed.price, changed.amount], [placed.id, 58_900, 0.03]);
      const batch = await client.createOrders([
        { symbol, type: "limit", side: "buy", amount: 0.01, price: 58_000 },
        { symbol, type: "limit", side: "sell", amount: 0.01, price: 62_000 },
      ]);
      assertEquals(batch.length, 2);
      assertEquals(venue.openOrders(accountId).length, 3);
      await client.cancelOrders(batch.map(idOf), symbol);
      assertEquals(venue.openOrders(accountId).map((one) => one.limitPriceTicks), [589_000]);

      await client.createOrder(symbol, "market", "buy", 0.01);
      const stop = await client.createOrder(symbol, "market", "sell", 0.01, undefined, {
        triggerPrice: 59_500,
      });
      assertEquals((await client.fetchOrder(idOf(stop), symbol)).triggerPrice, 59_500);
      setMark(venue, 59_499.9);
      assertEquals(venue.positions(accountId)[0]?.positionLots, 0);
      await client.cancelAllOrders(symbol);
      assertEquals(venue.openOrders(accountId), []);
      await client.setLeverage(5, symbol);
    }),
);

independently(
  "what is signed with another key, or off the tick, is refused in the venue's words",
  () =>
    withClient(async (client) => {
      await client.loadMarkets();
      await client.fetchBalance(); // a token
      const order = (price: string) => ({
        market: "BTC-USD-PERP",
        side: "BUY",
        type: "LIMIT",
        size: "0.01",
        price,
        instruction: "GTC",
        signature: '["1","2"]',
        signature_timestamp: Date.now(),
      });
      const unsigned = await assertRejects(() => client.privatePostOrders(order("59000.1")));
      assert(String(unsigned).includes("INVALID_ORDER_SIGNATURE"), String(unsigned));
      const off = await assertRejects(() => client.privatePostOrders(order("59000.15")));
      assert(String(off).includes("must be a multiple of 0.1"), String(off));
    }),
);
