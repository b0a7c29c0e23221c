import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { BerthError } from "../../../core/errors.ts";
import {
  fitPriceFigures,
  formatIncrements,
  formatScaled,
  type Increment,
  increment,
  incrementsToNumber,
  incrementValue,
  parseIncrements,
  priceTicks,
  roundToIncrements,
  sizeLots,
} from "../../../core/model/ticks.ts";

/** Tick sizes such as 0.1, 0.05, 0.25, 5, 0.00000001. */
const anyIncrement: fc.Arbitrary<Increment> = fc
  .record({ units: fc.constantFrom(1, 2, 5, 25, 10, 3), decimals: fc.integer({ min: 0, max: 9 }) })
  .map(({ units, decimals }) => increment(formatScaled(BigInt(units), decimals)));

Deno.test("a count of increments survives the way to text and back, at every increment", () => {
  fc.assert(
    fc.property(anyIncrement, fc.integer({ min: -1e12, max: 1e12 }), (step, count) => {
      assertEquals(parseIncrements(formatIncrements(count, step), step), count === 0 ? 0 : count);
    }),
  );
});

Deno.test("text that is no whole increment is refused, whatever its digits", () => {
  fc.assert(
    fc.property(anyIncrement, fc.nat({ max: 1e9 }), fc.integer({ min: 1, max: 9 }), (step, count, digit) => {
      const text = formatScaled(BigInt(count) * BigInt(step.units) * 10n + BigInt(digit), step.decimals + 1);
      const error = assertThrows(() => parseIncrements(text, step), BerthError);
      assertEquals(error.code, "INSTRUMENT_OFF_TICK");
    }),
  );
});

Deno.test("a float made from a count comes back as that count in every direction", () => {
  fc.assert(
    fc.property(
      anyIncrement,
      fc.integer({ min: -1e9, max: 1e9 }),
      fc.constantFrom("down" as const, "up" as const, "nearest" as const),
      (step, count, direction) => {
        assertEquals(
          roundToIncrements(incrementsToNumber(count, step), step, direction),
          count === 0 ? 0 : count,
        );
        assertEquals(
          roundToIncrements(count * incrementValue(step), step, direction),
          count === 0 ? 0 : count,
        );
      },
    ),
  );
});

Deno.test("a float between two increments goes down, up, or to the nearer", () => {
  fc.assert(
    fc.property(
      anyIncrement,
      fc.integer({ min: -1e6, max: 1e6 }),
      fc.double({ min: 0.001, max: 0.999, noNaN: true }),
      (step, count, part) => {
        const value = (count + part) * incrementValue(step);
        assertEquals(roundToIncrements(value, step, "down"), count === 0 ? 0 : count);
        assertEquals(roundToIncrements(value, step, "up"), count + 1 === 0 ? 0 : count + 1);
        const nearest = roundToIncrements(value, step, "nearest");
        assert(Math.abs(nearest - (count + part)) <= 0.5 + 1e-6);
      },
    ),
  );
});

const rejected: readonly (readonly [string, unknown])[] = [
  ["", "MODEL_INVALID_DECIMAL"],
  [" 1", "MODEL_INVALID_DECIMAL"],
  ["1e5", "MODEL_INVALID_DECIMAL"],
  ["0x10", "MODEL_INVALID_DECIMAL"],
  ["1.", "MODEL_INVALID_DECIMAL"],
  [".5", "MODEL_INVALID_DECIMAL"],
  ["+1", "MODEL_INVALID_DECIMAL"],
  ["NaN", "MODEL_INVALID_DECIMAL"],
  ["1,000", "MODEL_INVALID_DECIMAL"],
  ["0.05", "INSTRUMENT_OFF_TICK"],
  ["99999999999999999", "MODEL_OUT_OF_RANGE"],
];
for (const [text, code] of rejected) {
  Deno.test(`parseIncrements() refuses ${JSON.stringify(text)} at tick 0.1 as ${code}`, () => {
    assertEquals(assertThrows(() => parseIncrements(text, increment("0.1")), BerthError).code, code);
  });
}

Deno.test("the classic mistakes of floats don't happen: 0.3 / 0.1, 1.005, 43250.1", () => {
  const tick = increment("0.1");
  assertEquals(roundToIncrements(0.3, tick, "down"), 3);
  assertEquals(roundToIncrements(43_250.1, tick, "down"), 432_501);
  assertEquals(parseIncrements("43250.1", tick), 432_501);
  assertEquals(formatIncrements(432_501, tick), "43250.1");
  assertEquals(roundToIncrements(1.005, increment("0.001"), "down"), 1_005);
});

Deno.test("zero has no sign", () => {
  assert(Object.is(parseIncrements("-0", increment("1")), 0));
  assert(Object.is(roundToIncrements(-0.04, increment("0.1"), "nearest"), 0));
});

Deno.test("increment() drops trailing zeros and refuses what is no step", () => {
  assertEquals(increment("0.50"), { text: "0.5", units: 5, decimals: 1 });
  assertEquals(increment("10"), { text: "10", units: 10, decimals: 0 });
  for (const text of ["0", "-1", "0.000", "abc", "1e-8", ""]) assertThrows(() => increment(text), BerthError);
});

Deno.test("ticks and lots are safe integers or nothing", () => {
  for (const make of [priceTicks, sizeLots]) {
    for (const value of [NaN, Infinity, 0.5, 2 ** 53, -(2 ** 53)]) {
      assertThrows(() => make(value), BerthError);
    }
    for (const value of [0, -1, 2 ** 53 - 1]) assertEquals(Number(make(value)), value);
  }
});

Deno.test("roundToIncrements() refuses NaN, infinities and what exceeds 2^53", () => {
  for (const value of [NaN, Infinity, -Infinity, 1e300]) {
    assertThrows(() => roundToIncrements(value, increment("0.1"), "down"), BerthError);
  }
});

/** Significant figures of a plain decimal, counted on its text; a whole number counts none. */
const figuresOf = (text: string): number =>
  text.includes(".") ? text.replace(".", "").replace(/^0+/, "").length : 0;

Deno.test("a price is fitted to the nearest one with the figures allowed, never across it", () => {
  const powerOfTen = fc.integer({ min: 0, max: 6 }).map((decimals) => increment(formatScaled(1n, decimals)));
  fc.assert(
    fc.property(powerOfTen, fc.integer({ min: 1, max: 1e9 }), (tick, ticks) => {
      const down = fitPriceFigures(ticks, tick, 5, "down");
      const up = fitPriceFigures(ticks, tick, 5, "up");
      assert(down <= ticks && ticks <= up);
      for (const fitted of [down, up]) assert(figuresOf(formatIncrements(fitted, tick)) <= 5);
      const isAllowed = figuresOf(formatIncrements(ticks, tick)) <= 5;
      assertEquals([down === ticks, up === ticks], [isAllowed, isAllowed]);
      for (let between = down + 1; between < Math.min(up, down + 50); between++) {
        assert(figuresOf(formatIncrements(between, tick)) > 5);
      }
    }),
  );
  const tick = increment("0.1");
  assertEquals(fitPriceFigures(123_456, tick, 5, "down"), 123_450);
  assertEquals(fitPriceFigures(123_456, tick, 5, "up"), 123_460);
  assertEquals(fitPriceFigures(123_456, tick, undefined, "up"), 123_456);
  assertEquals(fitPriceFigures(1_234_560, tick, 5, "up"), 1_234_560); // 123456 is whole
  assertEquals(fitPriceFigures(999_999, tick, 5, "up"), 1_000_000);
});
