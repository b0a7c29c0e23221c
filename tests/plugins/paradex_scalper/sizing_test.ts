/** Sizes by the account's equity, and what the scalper shows while it decides. */
import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { defineStrategy, type SettingValues } from "@berth/sdk";
import { type StrategyTest, testInstrument, testStrategy } from "@berth/sdk/testing";
import scalper from "../../../plugins/paradex_scalper/mod.ts";
import { exitsOf, Scalper } from "../../../plugins/paradex_scalper/scalper.ts";
import type { settings } from "../../../plugins/paradex_scalper/settings.ts";
import type { Signal, signalOf } from "../../../plugins/paradex_scalper/signal.ts";

const btc = "paradex:BTC-PERP";
const buying: Signal = {
  side: "buy",
  score: 60,
  confidence: 80,
  price: 50_000,
  votes: [],
  reasons: ["RSI 20.0 is oversold"],
  rejections: [],
};

/** The scalper with indicators that need few bars, and a signal at each closed bar. */
async function scalping(
  changes: Partial<SettingValues<typeof settings>>,
  signal: typeof signalOf = () => buying,
): Promise<StrategyTest<typeof settings>> {
  const module = defineStrategy(
    scalper.manifest,
    (ctx) => new Scalper(ctx, { signal, exits: exitsOf, send: fetch }),
  );
  const short = { rsiPeriod: 2, macdFast: 2, macdSlow: 3, macdSignal: 2, bollingerPeriod: 3, atrPeriod: 2 };
  const more = { stochasticPeriod: 2, stochasticSmoothing: 2, emaFast: 2, emaSlow: 3, volumePeriod: 2 };
  return await testStrategy(module, {
    instruments: [testInstrument(btc)],
    settings: { symbols: ["BTC-PERP"], interval: "1m", trendInterval: "1m", ...short, ...more, ...changes },
  });
}

/** Enough minutes for all indicators, each with a trade. */
function playBars(test: StrategyTest<typeof settings>): void {
  test.quote(btc, 49_999.9, 50_000);
  for (let minute = 0; minute < 12; minute++) {
    test.trade(btc, "buy", 50_000 + (minute % 3) * 10, 1);
    test.advance(60_000);
    test.quote(btc, 49_999.9, 50_000);
  }
}

const sizes = [
  { name: "25 % of the account's equity", walletUsd: 2_000, settings: {}, valueUsd: 500 },
  {
    name: "of the capital where that is less than the account",
    walletUsd: 2_000,
    settings: { capitalUsd: 800 },
    valueUsd: 200,
  },
  {
    name: "of the account where that is less than the capital",
    walletUsd: 400,
    settings: { capitalUsd: 800 },
    valueUsd: 100,
  },
  { name: "at most maxPositionUsd", walletUsd: 100_000, settings: { maxPositionUsd: 750 }, valueUsd: 750 },
  {
    name: "of the capital while the account is not known",
    walletUsd: undefined,
    settings: { capitalUsd: 1_000 },
    valueUsd: 250,
  },
] as const;
for (const { name, walletUsd, settings: changes, valueUsd } of sizes) {
  Deno.test(`a position is worth ${valueUsd} USD: ${name}`, async () => {
    const test = await scalping(changes);
    if (walletUsd !== undefined) test.account("paradex", walletUsd);
    playBars(test);
    const [order] = test.orders;
    assertAlmostEquals((order?.sizeBase ?? 0) * 50_000, valueUsd, 50); // a lot is 50 USD
    assertEquals(test.orders.length, 1);
  });
}

const distances: readonly {
  readonly name: string;
  readonly atrBps: number;
  readonly stop: number;
  readonly target: number;
  readonly expected: readonly (number | undefined)[];
}[] = [
  { name: "as set in ROE", atrBps: 12, stop: 0, target: 0, expected: [5, 20] },
  { name: "1.5 and 3 ATRs of 12 bps", atrBps: 12, stop: 1.5, target: 3, expected: [18, 36] },
  { name: "the stop by ATR alone", atrBps: 12, stop: 2, target: 0, expected: [24, 20] },
  { name: "in ROE while no ATR is known", atrBps: NaN, stop: 1.5, target: 3, expected: [5, 20] },
];
for (const { name, atrBps, stop, target, expected } of distances) {
  Deno.test(`exitsOf(): stop and target ${name}: ${expected.join(" and ")} bps`, () => {
    const exits = exitsOf({
      leverage: 10,
      takeProfitRoePercent: 2,
      stopLossRoePercent: -0.5,
      stopAtrMultiple: stop,
      takeProfitAtrMultiple: target,
      trailingActivationRoePercent: 0,
      trailingDistanceRoePercent: 0.5,
      maxHoldMinutes: 60,
    }, atrBps);
    assertEquals([exits.stopLossBps, exits.takeProfitBps], expected);
  });
}

Deno.test("equity follows the wallet and the strategy's own unrealized profit", async () => {
  const test = await scalping({});
  test.account("paradex", 2_000);
  playBars(test);
  const [order] = test.orders;
  assert(order !== undefined);
  test.fill(order.ref, { price: 50_000 });
  test.quote(btc, 50_999.9, 51_000.1);
  test.advance(1_000);
  assertAlmostEquals(test.gauges.get("equity_usd") ?? 0, 2_000 + 1_000 * order.sizeBase, 1e-6);
});

Deno.test("nothing is entered while neither equity nor capital is known, and the panel says why", async () => {
  const test = await scalping({});
  playBars(test);
  assertEquals(test.orders, []);
  const [signal] = test.panel?.signals ?? [];
  assertEquals(signal?.isTaken, false);
  assertEquals(signal?.rejections, ["the account's equity is not known yet"]);
});

Deno.test("the panel shows status, tick, plan in money, readings, and signals with their reasons", async () => {
  const test = await scalping({});
  test.account("paradex", 2_000);
  playBars(test);
  const { panel } = test;
  assert(panel !== undefined);
  assertEquals([panel.status, panel.leverage], ["1 entering", 10]);
  const line = (name: string) => panel.lines.find((one) => one.name === name)?.value ?? "";
  assertEquals(line("tick"), "720");
  assertMatch(line("signals"), /^1 taken, \d+ rejected$/);
  // 20 bps target and 5 bps stop on 500 USD, less 5 + 5 bps of taker fees: +0.50 and −0.75; 0.75 of 1.25 must win.
  assertEquals(
    line("BTC-PERP").replace(/trend \w+/, "trend"),
    "target +0.50 USD (+10.0 bps), stop −0.75 USD (−15.0 bps), even at 60% wins, trend; stop inside the costs",
  );
  assertEquals(panel.readings[0]?.readings.length, 12);
  assertEquals(panel.signals.at(-1)?.reasons, ["RSI 20.0 is oversold"]);
  assertEquals(panel.signals[0]?.rejections, ["there is a position or an entry order already"]);
});
