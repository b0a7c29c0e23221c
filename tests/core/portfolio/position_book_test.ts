import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  applyFill,
  averageEntryTicks,
  flatPosition,
  type Position,
  unrealizedTicksLots,
} from "../../../core/portfolio/position_book.ts";
import { sizeLots } from "../../../core/model/ticks.ts";

interface FillStep {
  readonly side: "buy" | "sell";
  readonly priceTicks: number;
  readonly lots: number;
}
const fillsWithin = (maxTicks: number, maxLots: number) =>
  fc.array(
    fc.record({
      side: fc.constantFrom("buy" as const, "sell" as const),
      priceTicks: fc.integer({ min: 1, max: maxTicks }),
      lots: fc.integer({ min: 1, max: maxLots }),
    }),
    { maxLength: 60 },
  );
const run = (fills: readonly FillStep[]): Position =>
  fills.reduce((position, fill) => applyFill(position, fill.side, fill.priceTicks, fill.lots), flatPosition);

/**
 * Slow and obvious: fractions that are never rounded. Closing k of n lots takes k/n of the cost, exactly; realized is
 * what came in less what it cost.
 */
interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}
const whole = (value: bigint): Rational => ({ numerator: value, denominator: 1n });
const add = (a: Rational, b: Rational): Rational => ({
  numerator: a.numerator * b.denominator + b.numerator * a.denominator,
  denominator: a.denominator * b.denominator,
});
const times = (a: Rational, numerator: bigint, denominator: bigint): Rational => ({
  numerator: a.numerator * numerator,
  denominator: a.denominator * denominator,
});
function reference(fills: readonly FillStep[]): { lots: number; cost: Rational; realized: Rational } {
  let [lots, cost, realized] = [0, whole(0n), whole(0n)];
  for (const { side, priceTicks, lots: size } of fills) {
    for (let lot = 0; lot < size; lot++) { // one lot at a time: never through zero
      const sign = side === "buy" ? 1 : -1;
      const value = whole(BigInt(sign * priceTicks));
      if (lots === 0 || lots > 0 === sign > 0) cost = add(cost, value);
      else {
        const share = times(cost, 1n, BigInt(Math.abs(lots)));
        realized = add(realized, times(add(value, share), -1n, 1n));
        cost = add(cost, times(share, -1n, 1n));
      }
      lots += sign;
      if (lots === 0) cost = whole(0n);
    }
  }
  return { lots, cost, realized };
}

const cases: readonly {
  readonly name: string;
  readonly fills: readonly FillStep[];
  readonly expected: readonly [number, bigint, bigint];
}[] = [
  { name: "nothing", fills: [], expected: [0, 0n, 0n] },
  { name: "a buy", fills: [{ side: "buy", priceTicks: 100, lots: 3 }], expected: [3, 300n, 0n] },
  { name: "a short", fills: [{ side: "sell", priceTicks: 100, lots: 3 }], expected: [-3, -300n, 0n] },
  {
    name: "a long closed with profit",
    fills: [{ side: "buy", priceTicks: 100, lots: 3 }, { side: "sell", priceTicks: 110, lots: 3 }],
    expected: [0, 0n, 30n],
  },
  {
    name: "a short closed with loss",
    fills: [{ side: "sell", priceTicks: 100, lots: 3 }, { side: "buy", priceTicks: 110, lots: 3 }],
    expected: [0, 0n, -30n],
  },
  {
    name: "a long sold through zero",
    fills: [{ side: "buy", priceTicks: 100, lots: 2 }, { side: "sell", priceTicks: 110, lots: 3 }],
    expected: [-1, -110n, 20n],
  },
  {
    name: "a cost that does not divide: 301 over 3, one closed takes 100, the rest keeps 201",
    fills: [
      { side: "buy", priceTicks: 100, lots: 2 },
      { side: "buy", priceTicks: 101, lots: 1 },
      { side: "sell", priceTicks: 100, lots: 1 },
    ],
    expected: [2, 201n, 0n],
  },
];
for (const { name, fills, expected } of cases) {
  Deno.test(`applyFill() books ${name}`, () => {
    const { positionLots, costTicksLots, realizedTicksLots } = run(fills);
    const found: readonly [number, bigint, bigint] = [positionLots, costTicksLots, realizedTicksLots];
    assertEquals(found, expected);
  });
}

Deno.test("nothing is lost by rounding: realized less cost is the cash that moved", () => {
  fc.assert(
    fc.property(fillsWithin(1_000_000_000, 1_000_000_000), (fills) => {
      const { costTicksLots, realizedTicksLots, positionLots } = run(fills);
      let [cash, held] = [0n, 0];
      for (const { side, priceTicks, lots } of fills) {
        const sign = side === "buy" ? 1 : -1;
        cash -= BigInt(sign) * BigInt(priceTicks) * BigInt(lots);
        held += sign * lots;
      }
      assertEquals(realizedTicksLots - costTicksLots, cash);
      assertEquals(Number(positionLots), held);
      if (held === 0) assertEquals(costTicksLots, 0n);
      if (held !== 0) assertEquals(costTicksLots > 0n, held > 0);
    }),
  );
});

Deno.test("against fractions that are never rounded, cost and profit are off by at most a unit a close", () => {
  fc.assert(
    fc.property(fillsWithin(1_000, 6), (fills) => {
      const book = run(fills);
      const exact = reference(fills);
      assertEquals(Number(book.positionLots), exact.lots);
      const closes = BigInt(fills.length);
      for (
        const [ours, theirs] of [
          [book.costTicksLots, exact.cost],
          [book.realizedTicksLots, exact.realized],
        ] as const
      ) {
        const error = ours * theirs.denominator - theirs.numerator;
        const absolute = error < 0n ? -error : error;
        const denominator = theirs.denominator < 0n ? -theirs.denominator : theirs.denominator;
        if (absolute > closes * denominator) throw new Error(`off by ${error}/${denominator}`);
      }
      if (exact.lots === 0) {
        assertEquals(book.realizedTicksLots * exact.realized.denominator, exact.realized.numerator);
      }
    }),
  );
});

Deno.test("unrealized profit is against the mark, zero when flat, unknown without a mark", () => {
  const long = { positionLots: sizeLots(3), costTicksLots: 300n, realizedTicksLots: 0n };
  const short = { positionLots: sizeLots(-3), costTicksLots: -300n, realizedTicksLots: 0n };
  assertEquals([unrealizedTicksLots(long, 110), unrealizedTicksLots(short, 110)], [30, -30]);
  assertEquals(unrealizedTicksLots(flatPosition, NaN), 0);
  assertEquals(unrealizedTicksLots(long, NaN), NaN);
  assertEquals([averageEntryTicks(long), averageEntryTicks(short), averageEntryTicks(flatPosition)], [
    100,
    100,
    undefined,
  ]);
});
