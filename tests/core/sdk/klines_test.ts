/** Klines against a slow reference, by hand, and against the recorded month of bars. */
import { intervalMs } from "@berth/sdk";
import { type Candle, KlineBuilder, type KlineBuilderInterval, type KlineTrade } from "@berth/sdk/klines";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { readRecordedBars, recordedBarsPath } from "../../support/recorded_bars.ts";
import { sharedDataMissing } from "../../support/shared_data.ts";

const minuteMs = 60_000;
const at = (
  tsVenueMs: number,
  price: number,
  sizeBase = 1,
  takerSide: "buy" | "sell" = "buy",
): KlineTrade => ({
  tsVenueMs,
  price,
  sizeBase,
  takerSide,
});
const prices = (candle: Candle | undefined): readonly (number | undefined)[] => [
  candle?.open,
  candle?.high,
  candle?.low,
  candle?.close,
];

type Outline = Pick<Candle, "openTimeMs" | "open" | "high" | "low" | "close" | "tradeCount">;

/** Every bar from the first trade's to the one of `upToMs`, each computed from all trades. */
function slowKlines(
  trades: readonly KlineTrade[],
  lengthMs: number,
  upToMs: number,
): readonly Outline[] {
  const openOf = (tsMs: number): number => Math.floor(tsMs / lengthMs) * lengthMs;
  const first = Math.min(...trades.map((trade) => openOf(trade.tsVenueMs)));
  const bars: Outline[] = [];
  for (let openTimeMs = first; openTimeMs <= openOf(upToMs); openTimeMs += lengthMs) {
    const inside = trades.filter((trade) => openOf(trade.tsVenueMs) === openTimeMs);
    const before = bars.at(-1)?.close ?? NaN;
    const values = inside.map((trade) => trade.price);
    bars.push({
      openTimeMs,
      open: values[0] ?? before,
      high: inside.length === 0 ? before : Math.max(...values),
      low: inside.length === 0 ? before : Math.min(...values),
      close: values.at(-1) ?? before,
      tradeCount: inside.length,
    });
  }
  return bars;
}

Deno.test("klines are those of a slow reference, gaps included", () => {
  const trade = fc.record({
    gapMs: fc.nat(4 * minuteMs),
    price: fc.integer({ min: 1, max: 1_000 }),
    sizeBase: fc.integer({ min: 1, max: 9 }),
    takerSide: fc.constantFrom("buy" as const, "sell" as const),
  });
  fc.assert(fc.property(
    fc.array(trade, { minLength: 1, maxLength: 40 }),
    fc.constantFrom<KlineBuilderInterval>("1m", "5m"),
    (steps, interval) => {
      let tsVenueMs = 1_700_000_000_000;
      const trades = steps.map(({ gapMs, ...rest }) => ({ ...rest, tsVenueMs: tsVenueMs += gapMs }));
      const builder = new KlineBuilder({ interval });
      for (const one of trades) builder.processTrade(one);
      const found = builder.getKlines({ includeCurrent: true });
      assertEquals(
        found.map(({ openTimeMs, open, high, low, close, tradeCount }) => ({
          openTimeMs,
          open,
          high,
          low,
          close,
          tradeCount,
        })),
        [...slowKlines(trades, intervalMs(interval), tsVenueMs)],
      );
      const total = trades.reduce((sum, one) => sum + one.sizeBase, 0);
      assertEquals(found.reduce((sum, bar) => sum + bar.volumeBase, 0), total);
    },
  ));
});

Deno.test("a minute by hand: open, high, low, close, volumes and Binance's array", () => {
  const builder = new KlineBuilder({ interval: "1m", historyLength: 3 });
  builder.processTrade(at(120_500, 100, 0.1));
  builder.processTrade(at(130_000, 103, 0.2, "sell"));
  builder.processTrade(at(150_000, 99, 0.3));
  builder.processTrade(at(179_999, 101, 0.4, "sell"));
  assertEquals(prices(builder.getCurrentKline()), [100, 103, 99, 101]);
  assertEquals(builder.count, 0);
  builder.advanceTo(180_000);
  assertEquals(builder.count, 1);
  assertEquals(builder.toBinance()[0], [
    120_000,
    "100",
    "103",
    "99",
    "101",
    "1",
    179_999,
    "100.7",
    4,
    "0.4",
    "39.7",
    "0",
  ]);
});

Deno.test("a trade out of order within its bar sets open and close by time, one after its bar's end is counted", () => {
  const builder = new KlineBuilder({ interval: "1m" });
  builder.processTrade(at(20_000, 11));
  builder.processTrade(at(10_000, 10));
  builder.processTrade(at(15_000, 12));
  assertEquals(prices(builder.getCurrentKline()), [10, 12, 10, 11]);
  builder.processTrade(at(61_000, 13));
  builder.processTrade(at(59_000, 50));
  assertEquals(builder.lateTrades, 1);
  assertEquals(prices(builder.getLastClosed()), [10, 12, 10, 11], "a closed bar does not change");
});

Deno.test("a seeded builder goes on with the bar under way and leaves out trades that were in the answer", () => {
  const builder = new KlineBuilder({ interval: "1m" });
  builder.seed([
    { tsOpenMs: 0, openPrice: 1, highPrice: 3, lowPrice: 1, closePrice: 2, volumeBase: NaN },
    { tsOpenMs: 60_000, openPrice: 2, highPrice: 4, lowPrice: 2, closePrice: 3, volumeBase: 5 },
  ], 90_000);
  builder.processTrade(at(89_000, 100));
  assertEquals(prices(builder.getCurrentKline()), [2, 4, 2, 3]);
  builder.processTrade(at(91_000, 5));
  assertEquals(prices(builder.getCurrentKline()), [2, 5, 2, 5]);
  assertEquals(builder.getCurrentKline()?.volumeBase, 6);
  assertEquals(builder.count, 1);
});

Deno.test("the history is bounded, and a silence of years costs no more than it", () => {
  const builder = new KlineBuilder({ interval: "1m", historyLength: 50 });
  builder.processTrade(at(0, 7));
  builder.processTrade(at(3 * 365 * 86_400_000, 8));
  assertEquals(builder.count, 50);
  assert(builder.getKlines().every((bar) => bar.close === 7 && bar.volumeBase === 0));
  assert(builder.hasEnoughData(50) && !builder.hasEnoughData(51));
  assertEquals(builder.getKlines({ limit: 2, includeCurrent: true }).length, 2);
  assertThrows(() => new KlineBuilder({ interval: "1m", historyLength: 0 }), Error, "history");
});

for (const [name, broken] of Object.entries({ nan: NaN, zero: 0, negative: -1, infinite: Infinity })) {
  Deno.test(`a trade with a price of ${name} is left out`, () => {
    const builder = new KlineBuilder({ interval: "1m" });
    builder.processTrade(at(1, broken));
    builder.processTrade(at(1, 1, broken));
    builder.processTrade(at(broken === 0 || broken === -1 ? NaN : broken, 1));
    assertEquals(builder.getCurrentKline(), undefined);
  });
}

Deno.test({
  name: `the recorded month gives the same longer bars as adding up its minutes ${
    recordedBarsPath === undefined ? sharedDataMissing : ""
  }`,
  ignore: recordedBarsPath === undefined,
  async fn() {
    const minutes = await readRecordedBars(recordedBarsPath ?? "");
    for (const interval of ["1m", "5m", "15m", "30m", "1h", "2h", "4h", "1d"] as const) {
      const lengthMs = intervalMs(interval);
      const builder = new KlineBuilder({ interval, historyLength: 100_000 });
      for (const minute of minutes) {
        const { openTimeMs } = minute;
        builder.processTrade(at(openTimeMs, minute.open));
        builder.processTrade(at(openTimeMs + 20_000, minute.high));
        builder.processTrade(at(openTimeMs + 40_000, minute.low));
        builder.processTrade(at(openTimeMs + 59_999, minute.close));
      }
      const expected = new Map<number, number[]>();
      for (const { openTimeMs, open, high, low, close } of minutes) {
        const key = Math.floor(openTimeMs / lengthMs) * lengthMs;
        const bar = expected.get(key);
        if (bar === undefined) expected.set(key, [open, high, low, close]);
        else {expected.set(key, [
            bar[0] ?? NaN,
            Math.max(bar[1] ?? NaN, high),
            Math.min(bar[2] ?? NaN, low),
            close,
          ]);}
      }
      const traded = builder.getKlines({ includeCurrent: true }).filter((bar) => bar.tradeCount > 0);
      assertEquals(traded.length, expected.size, interval);
      for (const bar of traded) assertEquals(prices(bar), expected.get(bar.openTimeMs), interval);
    }
  },
});

Deno.test("bars that were built are counted; bars of the past are not", () => {
  const builder = new KlineBuilder({ interval: "1m" });
  const bar = { openPrice: 1, highPrice: 1, lowPrice: 1, closePrice: 1, volumeBase: 1 };
  builder.seed([0, 1, 2].map((minute) => ({ ...bar, tsOpenMs: minute * 60_000 })), 150_000);
  assertEquals([builder.count, builder.builtCount], [2, 0]);
  builder.processTrade({ takerSide: "buy", price: 1, sizeBase: 1, tsVenueMs: 5 * 60_000 });
  assertEquals([builder.count, builder.builtCount], [5, 3]);
});
