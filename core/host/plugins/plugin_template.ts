/** What `berth plugin new` writes: a small strategy that trades, and its test. */

/** Texts of the new plugin's files, by name. */
export const templateFiles = (id: string): Readonly<Record<string, string>> => ({
  "mod.ts": strategyText(id),
  "mod_test.ts": testText,
});

const strategyText = (id: string): string =>
  `import { defineStrategy, setting } from "@berth/sdk";

/** Bids a little below the market and sells what it bought a little above. Change everything. */
export default defineStrategy({
  kind: "strategy",
  id: "${id}",
  version: "0.1.0",
  sdkVersion: 1,
  author: "you",
  description: "Bids below the market and sells what it bought above.",
  trading: { venues: ["*"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "trade" },
  // The most it may ever use: what you approve, and what the risk gate holds it to.
  riskBudget: {
    maxOrderNotionalUsd: 200,
    maxPositionNotionalUsd: 200,
    maxOrdersPerSecond: 5,
    maxDailyLossUsd: 20,
  },
  onStop: "flatten",
  settings: {
    belowBps: setting.number({
      default: 1,
      min: 0,
      description: "Distance of the bid below the best bid, bps.",
    }),
    aboveBps: setting.number({
      default: 3,
      min: 0,
      description: "Distance of the exit above the price it bought at, bps.",
    }),
    sizeUsd: setting.number({ default: 100, min: 1, description: "Value of one order, USD." }),
    patienceMs: setting.number({
      default: 3000,
      min: 100,
      description: "A bid that has not filled after this time is placed anew, ms.",
    }),
  },
}, (ctx) => {
  /** The working bid of each instrument, and when it was placed. */
  const bids = new Map<string, { ref: string; placedMs: number }>();
  /** After a refusal: no new bid on this instrument before then. */
  const restUntilMs = new Map<string, number>();

  return {
    onQuote(quote) {
      const { instrument, bidPrice } = quote;
      const { belowBps, sizeUsd, patienceMs } = ctx.settings;
      const nowMs = ctx.time.epochMs();
      if (!(bidPrice > 0) || ctx.positions.get(instrument).sizeBase !== 0) return;
      const bid = bids.get(instrument);
      if (bid !== undefined) {
        if (nowMs - bid.placedMs > patienceMs) ctx.orders.cancel(bid.ref);
        return;
      }
      if (nowMs < (restUntilMs.get(instrument) ?? 0)) return;
      const limitPrice = bidPrice * (1 - belowBps / 10_000);
      const sizeBase = sizeUsd / bidPrice;
      const ref = ctx.orders.submit({
        instrument,
        side: "buy",
        sizeBase,
        limitPrice,
        postOnly: true,
        because: [quote],
      });
      bids.set(instrument, { ref, placedMs: nowMs });
    },

    onFill(fill) {
      if (fill.side !== "buy") return;
      const { instrument, sizeBase, price } = fill;
      const limitPrice = price * (1 + ctx.settings.aboveBps / 10_000);
      ctx.orders.submit({ instrument, side: "sell", sizeBase, limitPrice, reduceOnly: true });
    },

    onOrder(order) {
      if (order.isDone && bids.get(order.instrument)?.ref === order.ref) bids.delete(order.instrument);
      if (order.status !== "refused") return;
      ctx.log.warn("refused", { code: order.reason, why: order.text });
      restUntilMs.set(order.instrument, ctx.time.epochMs() + 1000);
    },
  };
});
`;

const testText = `import { deepEqual, equal } from "node:assert/strict";
import { testInstrument, testStrategy } from "@berth/sdk/testing";
import strategy from "./mod.ts";

const btc = "okx:BTC-PERP";
const instruments = [testInstrument(btc)];

Deno.test("it bids below the best bid, once", async () => {
  const test = await testStrategy(strategy, { instruments, settings: { belowBps: 10, sizeUsd: 100 } });
  test.quote(btc, 50_000, 50_001);
  test.quote(btc, 50_000, 50_001);
  deepEqual(
    test.orders.map(({ side, sizeBase, limitPrice, postOnly }) => ({ side, sizeBase, limitPrice, postOnly })),
    [{ side: "buy", sizeBase: 0.002, limitPrice: 49_950, postOnly: true }],
  );
});

Deno.test("what it bought it sells above, without ever going short", async () => {
  const test = await testStrategy(strategy, { instruments, settings: { belowBps: 0, aboveBps: 10 } });
  test.quote(btc, 50_000, 50_001);
  test.fill(test.orders[0]?.ref ?? "");
  const [, exit] = test.orders;
  deepEqual([exit?.side, exit?.limitPrice, exit?.reduceOnly], ["sell", 50_050, true]);
  test.quote(btc, 50_000, 50_001);
  equal(test.orders.length, 2);
});

Deno.test("a bid that does not fill is taken back and placed anew", async () => {
  const test = await testStrategy(strategy, { instruments, settings: { patienceMs: 1000 } });
  test.quote(btc, 50_000, 50_001);
  test.advance(1001);
  test.quote(btc, 51_000, 51_001);
  equal(test.orders[0]?.status, "cancelled");
  test.quote(btc, 51_000, 51_001);
  equal(test.orders.length, 2);
});

Deno.test("after a refusal it rests for a second", async () => {
  const test = await testStrategy(strategy, { instruments });
  test.refuseOrders("QUOTE_STALE");
  test.quote(btc, 50_000, 50_001);
  test.refuseOrders(undefined);
  test.quote(btc, 50_000, 50_001);
  equal(test.orders.length, 0);
  test.advance(1001);
  test.quote(btc, 50_000, 50_001);
  equal(test.orders.length, 1);
});
`;
