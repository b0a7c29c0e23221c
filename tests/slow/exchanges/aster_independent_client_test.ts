/**
 * The simulated Aster driven by a client that others wrote: `ccxt` over REST. What it signs, sends and understands is its
 * reading of the venue's documents and answers, not ours.
 */
import { assertEquals, assertRejects } from "@std/assert";
import ccxt from "ccxt";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { addr } from "micro-eth-signer";
import { accountId, started, withBench } from "../../support/venue_bench.ts";
import { makeCredentials } from "../../../exchanges/aster/simulator.ts";
import { seededRandom } from "../../../exchanges/simulation/random.ts";
import { aster } from "../../exchanges/aster/bench.ts";

const symbol = "BTC/USDT:USDT";

// Pools of this package wind down by themselves.
Deno.test({
  name: "ccxt by REST: markets, orders, stops, fills, positions, balance, funding, book",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withBench(aster, {}, async (bench) => {
      const { endpoints, market, venue } = bench;
      await started(bench);
      // As the bench makes them.
      const credentials = await makeCredentials(seededRandom(7).fork("credentials"));
      const privateKey = credentials["ASTER_AGENT_PRIVATE_KEY"] ?? "";
      const client = new ccxt.aster({
        privateKey,
        options: {
          defaultType: "swap",
          v3ChainId: 714,
          signerAddress: addr.fromPrivateKey(privateKey),
          builderFee: false,
        },
      });
      // It takes the key for the main wallet's own: the agent's is told apart by what it keeps of that.
      client.options["cachedWalletAddress"] = credentials["ASTER_ACCOUNT_ADDRESS"];
      client.options["privateKeyHashForCachedWalletAddress"] = client.hash(
        client.encode(privateKey),
        keccak_256,
        "hex",
      );
      const base = `${endpoints["restUrl"]}/fapi`;
      client.urls["api"] = { fapiPublic: base, fapiPrivate: base, sapiPublic: base, sapiPrivate: base };
      Object.assign(client, {
        sapiPublicGetV3ExchangeInfo: () => Promise.resolve({ symbols: [], assets: [] }),
      });
      const markets = await client.loadMarkets();
      const listed = markets[symbol];
      assertEquals([listed?.precision.price, listed?.precision.amount, listed?.linear], [0.1, 0.001, true]);
      const order = await client.createOrder(symbol, "limit", "buy", 0.1, 59_900, { clientOrderId: "ccxt1" });
      assertEquals(venue.openOrders(accountId).map((one) => one.orderId), [order.id]);
      assertEquals(
        (await client.fetchOpenOrders(symbol)).map((
          one,
        ) => [one.clientOrderId, one.price, one.amount, one.status]),
        [["ccxt1", 59_900, 0.1, "open"]],
      );
      await client.cancelOrder(order.id ?? "", symbol);
      assertEquals((await client.fetchOrder(order.id ?? "", symbol)).status, "canceled");
      await client.createOrder(symbol, "market", "buy", 0.2);
      const [trade] = await client.fetchMyTrades(symbol);
      assertEquals([trade?.price, trade?.amount, trade?.fee?.cost, trade?.takerOrMaker], [
        60_001,
        0.2,
        4.80008,
        "taker",
      ]);
      const [position] = await client.fetchPositions([symbol]);
      assertEquals([position?.contracts, position?.entryPrice], [0.2, 60_001]);
      assertEquals((await client.fetchBalance())["USDT"]?.total, 99_995.19992);
      const stop = await client.createOrder(symbol, "market", "sell", 0.2, undefined, {
        stopLossPrice: 59_000,
        reduceOnly: true,
      });
      assertEquals((await client.fetchOpenOrders(symbol)).map((one) => [one.id, one.triggerPrice]), [[
        stop.id,
        59_000,
      ]]);
      await client.cancelAllOrders(symbol);
      assertEquals(await client.fetchOpenOrders(symbol), []);
      market.setMark(60_000);
      venue.applyFunding("BTC-PERP");
      const funding = await client.fetchFundingHistory(symbol);
      assertEquals(funding.map((one) => one.amount), [-1.2]);
      const book = await client.fetchOrderBook(symbol, 5);
      assertEquals([book.bids[0]?.[0], book.asks[0]?.[0]], [60_000, 60_001]);
      assertEquals((await client.fetchFundingRate(symbol)).fundingRate, 0.0001);
      await client.setLeverage(7, symbol);
      await assertRejects(() => client.createOrder(symbol, "limit", "buy", 0.1, 90_000));
      await assertRejects(() => client.createOrder(symbol, "limit", "buy", 900, 59_900));
    }),
});
