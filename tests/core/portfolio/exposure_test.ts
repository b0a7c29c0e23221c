import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type ExposureCell, exposureOf, worstCase } from "../../../core/portfolio/exposure.ts";

const cell = (index: number, positionLots: number, openBuyLots = 0, openSellLots = 0): ExposureCell => ({
  index,
  positionLots,
  openBuyLots,
  openSellLots,
});
/** Instruments 0 and 1 are one underlying on two venues, 2 is another; a lot is 10, 20 and 5 USD. */
const valuation = {
  lotUsd: (index: number) => [10, 20, 5][index] ?? NaN,
  underlying: (index: number) => index >> 1,
};

Deno.test("worstCase() is the larger of the two one-sided outcomes", () => {
  assertEquals(worstCase(3, 5, 10), 8);
  assertEquals(worstCase(3, 0, 10), 7);
  assertEquals(worstCase(-3, 5, 10), 13);
  assertEquals(worstCase(0, 0, 0), 0);
});

const rows: readonly {
  readonly name: string;
  readonly cells: readonly ExposureCell[];
  readonly added?: {
    readonly index: number;
    readonly buyLots: number;
    readonly sellLots: number;
    readonly lotUsd: number;
  };
  readonly expected: readonly [positionUsd: number, grossUsd: number, netUsd: number];
}[] = [
  {
    name: "long and short of one underlying offset in net, not in gross",
    cells: [cell(0, 20), cell(1, -10)],
    expected: [NaN, 400, 0],
  },
  { name: "different underlyings never offset", cells: [cell(0, 1), cell(2, -2)], expected: [NaN, 20, 20] },
  { name: "open orders of the worse side count", cells: [cell(0, 5, 3, 20)], expected: [NaN, 150, 150] },
  {
    name: "an added order counts with what is there",
    cells: [cell(0, 5, 3, 0)],
    added: { index: 0, buyLots: 2, sellLots: 0, lotUsd: 10 },
    expected: [100, 100, 100],
  },
  {
    name: "an added order on a new instrument counts alone",
    cells: [],
    added: { index: 2, buyLots: 0, sellLots: 4, lotUsd: 1 },
    expected: [20, 20, 20],
  },
  {
    name: "an order above the mark is valued at its own price",
    cells: [],
    added: { index: 2, buyLots: 4, sellLots: 0, lotUsd: 6 },
    expected: [24, 24, 24],
  },
];
for (const { name, cells, added, expected } of rows) {
  Deno.test(`exposureOf(): ${name}`, () => {
    const { positionUsd, grossUsd, netUsd, unpricedIndex } = exposureOf(cells, valuation, added);
    assertEquals([positionUsd, grossUsd, netUsd, unpricedIndex], [...expected, -1]);
  });
}

Deno.test("what can't be valued is named, and makes the sums unknown; what is flat needs no value", () => {
  const unknown = exposureOf([cell(0, 1), cell(7, 1)], valuation);
  assertEquals([unknown.unpricedIndex, unknown.grossUsd, unknown.netUsd], [7, NaN, NaN]);
  assertEquals(exposureOf([cell(0, 1), cell(7, 0)], valuation).grossUsd, 10);
});

Deno.test("net is never above gross, and both never below any outcome of the open orders", () => {
  const anyCell = fc.tuple(fc.integer({ min: -50, max: 50 }), fc.nat(20), fc.nat(20));
  fc.assert(
    fc.property(
      fc.tuple(anyCell, anyCell, anyCell),
      fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
      (all, filled) => {
        const cells = all.map(([position, buys, sells], index) => cell(index, position, buys, sells));
        const { grossUsd, netUsd } = exposureOf(cells, valuation);
        const outcome = cells.map(({ index, positionLots, openBuyLots, openSellLots }) => {
          const bought = filled[index * 2] === true ? openBuyLots : 0;
          const sold = filled[index * 2 + 1] === true ? openSellLots : 0;
          return (positionLots + bought - sold) * valuation.lotUsd(index);
        });
        const gross = outcome.reduce((sum, usd) => sum + Math.abs(usd), 0);
        const net = Math.abs((outcome[0] ?? 0) + (outcome[1] ?? 0)) + Math.abs(outcome[2] ?? 0);
        if (gross > grossUsd || net > netUsd || netUsd > grossUsd) {
          throw new Error(
            `${gross} ${net} ${grossUsd} ${netUsd}`,
          );
        }
      },
    ),
  );
});
