/** Each pattern by hand-made bars, and its near misses. */
import type { Candle } from "@berth/sdk/klines";
import { assertEquals } from "@std/assert";
import { patternsOf } from "../../../plugins/paradex_scalper/patterns.ts";

type Prices = readonly [open: number, high: number, low: number, close: number];
const bar = ([open, high, low, close]: Prices, index: number): Candle => ({
  openTimeMs: index * 60_000,
  closeTimeMs: index * 60_000 + 59_999,
  open,
  high,
  low,
  close,
  volumeBase: 1,
  volumeQuote: close,
  tradeCount: 1,
  takerBuyVolumeBase: 0,
  takerBuyVolumeQuote: 0,
  isClosed: true,
});

const cases: readonly {
  readonly name: string;
  readonly bars: readonly Prices[];
  readonly found: readonly string[];
}[] = [
  {
    name: "a bullish engulfing bar",
    bars: [[100, 101, 99, 100.5], [100, 100.5, 97, 98], [97.5, 102, 97, 101]],
    found: ["bullish_engulfing"],
  },
  {
    name: "a bar that only reaches the open before",
    bars: [[100, 101, 99, 100.5], [100, 100.5, 97, 98], [97.5, 102, 97, 100]],
    found: [],
  },
  {
    name: "a bearish engulfing bar",
    bars: [[100, 101, 99, 99.5], [100, 103, 99.5, 102], [102.5, 103, 98, 99]],
    found: ["bearish_engulfing"],
  },
  {
    name: "a hammer after a fall",
    bars: [[102, 103, 101, 101.5], [101, 101.5, 98, 100], [99.5, 100.05, 97, 100]],
    found: ["hammer"],
  },
  {
    name: "the same bar after a rise",
    bars: [[98, 99, 97, 98.5], [99, 99.6, 96, 99.4], [99.5, 100.05, 97, 100]],
    found: [],
  },
  {
    name: "a shooting star after a rise",
    bars: [[98, 99, 97, 98], [98, 101, 97, 100], [100.5, 103, 99.95, 100]],
    found: ["shooting_star"],
  },
  {
    name: "three white soldiers",
    bars: [[100, 102, 99.9, 101.9], [101, 104, 100.9, 103.8], [103, 106, 102.9, 105.9]],
    found: ["three_white_soldiers"],
  },
  {
    name: "three black crows",
    bars: [[106, 106.1, 103, 103.2], [105, 105.1, 101, 101.3], [103, 103.1, 99, 99.2]],
    found: ["three_black_crows"],
  },
  {
    name: "a morning star",
    bars: [[110, 110.5, 99, 100], [99, 100, 98, 99.5], [100, 107, 99.9, 106]],
    found: ["morning_star"],
  },
  {
    name: "an evening star",
    bars: [[100, 110.5, 99.5, 110], [111, 112, 110, 110.5], [110, 110.1, 103, 104]],
    found: ["evening_star"],
  },
  {
    name: "bars without a body",
    bars: [[100, 101, 99, 100], [100, 101, 99, 100], [100, 101, 99, 100]],
    found: [],
  },
  { name: "two bars", bars: [[100, 101, 99, 100], [100, 101, 99, 98]], found: [] },
];
for (const { name, bars, found } of cases) {
  Deno.test(`patternsOf() ${name}`, () =>
    assertEquals(patternsOf(bars.map(bar)).map((pattern) => pattern.name), [...found]));
}
