/** Backtests of real plugins in their real sandbox: the same bytes every time, and money that adds up. */
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { priceTicks, sizeLots } from "@berth/sdk";
import fc from "fast-check";
import type { Bar } from "../../../core/backtest/bars.ts";
import { reportFiles } from "../../../core/backtest/report.ts";
import type { MarketBatch } from "../../../core/recording/market_data.ts";
import { recordBytes, recordKinds, writeRecord } from "../../../core/protocol/records.ts";
import { constantFunding } from "../../../core/backtest/funding.ts";
import { seededRandom } from "../../../core/host/system_clock.ts";
import { backtest, bitcoin, minuteBars } from "./builders.ts";

/** A seeded walk of minutes. */
function walk(seed: number, minutes: number): readonly Bar[] {
  const random = seededRandom(seed);
  let price = 40_000;
  return Array.from({ length: minutes }, (_, minute) => {
    const open = price;
    const close = Math.max(1_000, open * (1 + (random.next() - 0.5) * 0.004));
    price = close;
    return {
      openTimeMs: 1_640_995_200_000 + minute * 60_000,
      open,
      high: Math.max(open, close) * (1 + random.next() * 0.001),
      low: Math.min(open, close) * (1 - random.next() * 0.001),
      close,
      volumeBase: 10 * random.next(),
    };
  });
}

const settings = { fast: 3, slow: 8, sizeBase: 0.02 };

Deno.test("equal inputs give equal reports to the byte, other data another", async () => {
  const data = minuteBars(walk(7, 240));
  const [first, again, other] = [
    await backtest("ema_cross", data, settings),
    await backtest("ema_cross", data, settings),
    await backtest("ema_cross", minuteBars(walk(8, 240)), settings),
  ];
  const files = (recording: typeof first): string =>
    reportFiles({
      plugin: "ema_cross",
      version: "0.1.0",
      settings,
      data: data.description,
      fromMs: data.fromUs / 1000,
      toMs: data.toUs / 1000,
      seed: 1,
      assumptions: ["fees of 2 bps"],
      recording,
    }).map((file) => `${file.name}\n${file.text}`).join("\n");
  assertEquals(files(first), files(again));
  assert(files(first) !== files(other));
  assert(first.trips.length > 5, `${first.trips.length} round trips`);
});

Deno.test("deposit, realized, unrealized, fees and round trips add up to the last equity", async () => {
  const data = minuteBars(walk(3, 300), 1_000, constantFunding(10, 1));
  const recording = await backtest("ema_cross", data, settings);
  const { depositUsd, realizedUsd, unrealizedUsd, feesUsd, fundingUsd, equity, fills } = recording;
  assertAlmostEquals(
    equity.at(-1)?.equityUsd ?? NaN,
    depositUsd + realizedUsd + unrealizedUsd - feesUsd - fundingUsd,
    1e-6,
  );
  assertAlmostEquals(fills.reduce((sum, fill) => sum + fill.feeUsd, 0), feesUsd, 1e-9);
  const { fundingPayments } = recording;
  assertAlmostEquals(fundingPayments.reduce((sum, { amountUsd }) => sum + amountUsd, 0), fundingUsd, 1e-9);
  assertEquals(fundingPayments.map(({ tsMs }) => tsMs % 3_600_000), [0, 0, 0, 0], "at each whole hour");
  for (const { tsMs, amountUsd } of fundingPayments) {
    const heldThen = fills.filter((fill) => fill.tsMs < tsMs)
      .reduce((sum, fill) => sum + (fill.side === "buy" ? 1 : -1) * fill.sizeBase, 0);
    assert(Math.sign(heldThen) === Math.sign(amountUsd), "the long pays a positive rate");
    assertAlmostEquals(amountUsd, heldThen * 40_000 * 0.001, 0.1 * Math.abs(amountUsd));
  }
  // Independent of the portfolio: cash out and in, the rest at its last average.
  const cash = fills.reduce(
    (sum, fill) => sum + (fill.side === "buy" ? -1 : 1) * fill.price * fill.sizeBase,
    0,
  );
  const held = fills.reduce((sum, fill) => sum + (fill.side === "buy" ? 1 : -1) * fill.sizeBase, 0);
  const closedTrips = recording.trips.reduce((sum, trip) => sum + trip.netPnlUsd + trip.feesUsd, 0);
  assertAlmostEquals(closedTrips, realizedUsd, 1e-6);
  assert(Math.abs(held) > 0 && cash !== 0, "the last position is open when the data ends");
  assert(
    fills.every((fill) => Math.abs(fill.feeUsd - fill.price * fill.sizeBase * 2e-4) < 1e-9),
    "2 bps each",
  );
});

Deno.test("a fill comes a venue's latency after the decision, at the quote of its arrival", async () => {
  const bars = walk(5, 60);
  const recording = await backtest("ema_cross", minuteBars(bars), settings);
  const first = recording.fills[0];
  assert(first !== undefined);
  // The decision falls on the first trade of a minute; the order is at the venue 20 ms later.
  assertEquals((first.tsMs - 20) % 60_000, 0);
  const bar = bars.find((one) => one.openTimeMs === first.tsMs - 20);
  const half = 0.5 / 20_000;
  const expected = first.side === "buy"
    ? Math.ceil((bar?.open ?? NaN) * (1 + half) * 10) / 10
    : Math.floor((bar?.open ?? NaN) * (1 - half) * 10) / 10;
  assertAlmostEquals(first.price, expected, 1e-6);
});

Deno.test("an order beyond the granted budget is refused in a backtest too", async () => {
  const recording = await backtest("ema_cross", minuteBars(walk(7, 60)), { ...settings, sizeBase: 1 });
  assertEquals(recording.fills.length, 0);
  assert((recording.refusals["ORDER_NOTIONAL"] ?? 0) > 0, JSON.stringify(recording.refusals));
});

Deno.test("a plugin that throws too often ends the backtest with its error", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${folder}/mod.ts`,
      `import { defineStrategy } from "@berth/sdk";
       export default defineStrategy({
         kind: "strategy", id: "thrower", version: "0.1.0", sdkVersion: 1, author: "t", description: "Throws.",
         trading: { venues: ["*"], instruments: ["*"], data: ["quotes"], orders: "none" },
         riskBudget: { maxOrderNotionalUsd: 0, maxPositionNotionalUsd: 0, maxOrdersPerSecond: 0, maxDailyLossUsd: 0 },
         onStop: "keep_positions", settings: {},
       }, () => ({ onQuote() { throw new Error("broken on purpose"); } }));`,
    );
    await assertRejects(() => backtest(folder, minuteBars(walk(1, 10)), {}), Error, "broken on purpose");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("books reach the plugin at their time, and its taker order walks them", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${folder}/mod.ts`,
      `import { defineStrategy } from "@berth/sdk";
       export default defineStrategy({
         kind: "strategy", id: "walker", version: "0.1.0", sdkVersion: 1, author: "t", description: "Walks.",
         trading: { venues: ["*"], instruments: ["*"], data: ["quotes", "books"], orders: "trade" },
         riskBudget: { maxOrderNotionalUsd: 5000, maxPositionNotionalUsd: 5000, maxOrdersPerSecond: 5, maxDailyLossUsd: 1000 },
         onStop: "keep_positions", settings: {},
       }, (ctx) => {
         let isDone = false;
         return { onQuote({ instrument }) {
           const found = ctx.books.executable(instrument, "buy", 0.02, 1000);
           ctx.gauge("seen_" + ctx.time.epochMs(), found?.worstPrice ?? -1);
           if (found === undefined || isDone) return;
           isDone = true;
           ctx.orders.submit({ instrument, side: "buy", sizeBase: 0.02 });
         } };
       });`,
    );
    const level = (ticks: number, lots: number) => ({
      priceTicks: priceTicks(ticks),
      sizeLots: sizeLots(lots),
    });
    const lines: string[] = [];
    const fromUs = 1_640_995_200_000_000;
    /** A quote 10 ms before and 10 ms after the book, 0.01 at the best offer; more behind it in the book alone. */
    const quoteAt = (tsUs: number): MarketBatch => {
      const bytes = new Uint8Array(2 * recordBytes);
      const view = new DataView(bytes.buffer);
      const ms = tsUs / 1000;
      writeRecord(view, 0, recordKinds.mark, 0, 0, tsUs, ms, tsUs, 40_000, NaN, NaN, NaN);
      writeRecord(view, recordBytes, recordKinds.quote, 0, 0, tsUs, ms, tsUs, 39_999.9, 1, 40_000, 0.01);
      return { kind: "records", bytes };
    };
    const book: MarketBatch = {
      kind: "book",
      book: {
        index: 0,
        kind: "snapshot",
        bids: [level(399_999, 100_000)],
        asks: [level(400_000, 1_000), level(400_002, 5_000)],
        sequence: 1,
        tsVenueMs: fromUs / 1000 + 10,
        tsRecvUs: fromUs + 10_000,
      },
    };
    const recording = await backtest(
      folder,
      {
        instruments: [bitcoin],
        fromUs,
        toUs: fromUs + 200_000,
        description: "a book",
        batches: () => [quoteAt(fromUs), book, quoteAt(fromUs + 20_000), quoteAt(fromUs + 200_000)],
      },
      {},
      (line) => lines.push(line),
    );
    assertEquals(lines, []);
    assertEquals(Object.values(recording.gauges).map((price) => price.toFixed(1)), [
      "-1.0",
      "40000.2",
      "40000.2",
    ]);
    assertEquals(recording.fills.map(({ price, sizeBase }) => [price, sizeBase]), [
      [40_000, 0.01],
      [40_000.2, 0.01],
    ]);
    assertEquals(recording.records, 7);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the records of bars keep to the bar, on ticks, with rising times", async () => {
  const price = fc.integer({ min: 1_000, max: 9_000 });
  await fc.assert(fc.asyncProperty(
    fc.array(fc.tuple(price, price, price, price), { minLength: 1, maxLength: 5 }),
    fc.constantFrom(1_000, 7_000, 15_000, 60_000),
    async (rows, stepMs) => {
      const bars = rows.map(([a, b, c, d], index): Bar => ({
        openTimeMs: index * 60_000,
        open: a,
        close: b,
        high: Math.max(a, b, c, d),
        low: Math.min(a, b, c, d),
        volumeBase: 4,
      }));
      let lastUs = -Infinity;
      const trades: number[][] = bars.map(() => []);
      for await (const batch of minuteBars(bars, stepMs).batches()) {
        if (batch.kind !== "records") continue;
        const { bytes } = batch;
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        for (let at = 0; at < bytes.length; at += 64) {
          const tsUs = view.getFloat64(at + 24, true);
          assert(tsUs >= lastUs);
          lastUs = tsUs;
          const minute = Math.floor(tsUs / 60_000_000);
          const bar = bars[minute];
          assert(bar !== undefined);
          if (view.getUint8(at) === 1) {
            const [bid, ask] = [view.getFloat64(at + 32, true), view.getFloat64(at + 48, true)];
            assert(bid < ask);
            for (const side of [bid, ask]) assertAlmostEquals(side * 10, Math.round(side * 10), 1e-6);
            const middle = (bid + ask) / 2;
            assert(middle >= bar.low - 1 && middle <= bar.high + 1);
          } else if (view.getUint8(at) === 2) trades[minute]?.push(view.getFloat64(at + 32, true));
        }
      }
      trades.forEach((prices, index) => {
        const bar = bars[index];
        assertEquals(
          [prices[0], Math.max(...prices), Math.min(...prices), prices.at(-1)],
          [bar?.open, bar?.high, bar?.low, bar?.close],
        );
      });
    },
  ));
  assertEquals(bitcoin.tick.text, "0.1");
});
