/**
 * Indicators against published series: the sample inputs and three-decimal outputs of Tulip Indicators' documentation
 * and test tables (periods 5; MACD 2, 5, 9; stochastic 5, 3, 3).
 */
import {
  ATR,
  BollingerBands,
  EMA,
  MACD,
  RSI,
  SessionVwap,
  SMA,
  StochasticOscillator,
} from "@berth/sdk/indicators";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";

const high = [82.15, 81.89, 83.03, 83.3, 83.85, 83.9, 83.33, 84.3, 84.84, 85, 85.9, 86.58, 86.98, 88, 87.87];
const low = [
  81.29,
  80.64,
  81.31,
  82.65,
  83.07,
  83.11,
  82.49,
  82.3,
  84.15,
  84.11,
  84.03,
  85.39,
  85.76,
  87.17,
  87.01,
];
const close = [
  81.59,
  81.06,
  82.87,
  83,
  83.61,
  83.15,
  82.84,
  83.99,
  84.55,
  84.36,
  85.53,
  86.54,
  86.89,
  87.77,
  87.29,
];
const candles = close.map((price, index) => ({
  open: price,
  high: high[index] ?? NaN,
  low: low[index] ?? NaN,
  close: price,
}));

/** Outputs, each rounded to three decimals, of a whole run; what came before enough was seen is left out. */
function seriesOf<Input, Output>(
  inputs: readonly Input[],
  update: (input: Input) => Output | null,
  read: (output: Output) => number,
): readonly string[] {
  return inputs.flatMap((input) => {
    const output = update(input);
    return output === null ? [] : [read(output).toFixed(3)];
  });
}

Deno.test("Wilder's RSI gives the published series", () => {
  const rsi = new RSI(5);
  assertEquals(
    seriesOf(close, (price) => rsi.update(price, false), Number),
    "72.034 64.927 75.936 79.796 74.713 83.033 87.478 88.755 91.483 78.498".split(" "),
  );
});

Deno.test("EMA gives the published series", () => {
  const ema = new EMA(5);
  assertEquals(
    seriesOf(close, (price) => ema.update(price, false), Number),
    ("81.590 81.413 81.899 82.266 82.714 82.859 82.853 83.232 83.671 83.901 84.444 85.143 85.725 86.407 86.701")
      .split(" "),
  );
});

Deno.test("SMA gives the published series", () => {
  const sma = new SMA(5);
  assertEquals(
    seriesOf(close, (price) => sma.update(price, false), Number),
    "82.426 82.738 83.094 83.318 83.628 83.778 84.254 84.994 85.574 86.218 86.804".split(" "),
  );
});

Deno.test("ATR gives the published series", () => {
  const atr = new ATR(5);
  assertEquals(
    seriesOf(candles, (candle) => atr.update(candle, false), Number),
    "1.116 1.051 1.009 1.207 1.136 1.086 1.243 1.233 1.230 1.206 1.137".split(" "),
  );
});

Deno.test("Bollinger Bands give the published series", () => {
  for (
    const [band, expected] of [
      ["lower", "80.530 80.987 82.533 82.472 82.418 82.435 82.511 83.143 83.536 83.870 85.289"],
      ["middle", "82.426 82.738 83.094 83.318 83.628 83.778 84.254 84.994 85.574 86.218 86.804"],
      ["upper", "84.322 84.489 83.655 84.164 84.838 85.121 85.997 86.845 87.612 88.566 88.319"],
    ] as const
  ) {
    const bands = new BollingerBands(5, 2);
    assertEquals(
      seriesOf(close, (price) => bands.update(price, false), (result) => result[band]),
      expected.split(" "),
      band,
    );
  }
});

Deno.test("MACD gives the published series", () => {
  for (
    const [line, expected] of [
      ["macd", "0.618 0.351 0.111 0.416 0.578 0.422 0.684 0.927 0.891 0.979 0.621"],
      ["signal", "0.618 0.564 0.474 0.462 0.485 0.473 0.515 0.597 0.656 0.721 0.701"],
      ["histogram", "0.000 -0.213 -0.363 -0.046 0.093 -0.050 0.169 0.329 0.235 0.258 -0.080"],
    ] as const
  ) {
    const macd = new MACD(new EMA(2), new EMA(5), new EMA(9));
    assertEquals(
      seriesOf(close, (price) => macd.update(price, false), (result) => result[line]),
      expected.split(" "),
      line,
    );
  }
});

Deno.test("stochastic gives the published series", () => {
  for (
    const [line, expected] of [
      ["stochK", "77.385 83.126 84.867 88.361 95.246 96.740 91.091"],
      ["stochD", "75.702 78.011 81.793 85.452 89.491 93.449 94.359"],
    ] as const
  ) {
    const stochastic = new StochasticOscillator({ kPeriod: 5, kSlowingPeriod: 3, dPeriod: 3 });
    assertEquals(
      seriesOf(candles, (candle) => stochastic.update(candle, false), (result) => result[line]),
      expected.split(" "),
      line,
    );
  }
});

Deno.test("VWAP is the day's, by hand", () => {
  const hourMs = 3_600_000;
  const vwap = new SessionVwap();
  // Typical prices 100 and 106, volumes 1 and 2: (100 + 212) / 3.
  assertEquals(vwap.update({ openTimeMs: 0, high: 101, low: 99, close: 100, volumeBase: 1 }, false), 100);
  assertEquals(
    vwap.update({ openTimeMs: hourMs, high: 107, low: 105, close: 106, volumeBase: 2 }, false),
    104,
  );
  // The bar under way has changed: typical price 112.
  assertEquals(
    vwap.update({ openTimeMs: hourMs, high: 118, low: 106, close: 112, volumeBase: 2 }, true),
    108,
  );
  assertEquals(
    vwap.update({ openTimeMs: 24 * hourMs, high: 51, low: 49, close: 50, volumeBase: 4 }, false),
    50,
    "the next day begins anew",
  );
});

Deno.test("replacing the newest value any number of times is like having seen its last state only", () => {
  const price = fc.double({ min: 1, max: 1_000, noNaN: true });
  const makers = [
    () => new RSI(5),
    () => new EMA(5),
    () => new SMA(5),
  ];
  fc.assert(
    fc.property(
      fc.array(fc.tuple(price, fc.array(price, { maxLength: 3 })), { minLength: 8, maxLength: 40 }),
      fc.nat(makers.length - 1),
      (bars, which) => {
        const make = makers[which] ?? makers[0];
        if (make === undefined) throw new Error("no indicator");
        const live = make();
        const whole = make();
        for (const [last, before] of bars) {
          [...before, last].forEach((value, index) => live.update(value, index > 0));
          whole.update(last, false);
          const expected = whole.getResult();
          const found = live.getResult();
          if (expected === null || found === null) assertEquals(found, expected);
          else assertAlmostEquals(found, expected, 1e-6);
        }
      },
    ),
    { numRuns: 200 },
  );
});
