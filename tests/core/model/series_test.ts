/** Percentiles, deviations and half-lives, by hand and against seeded processes whose answer is known. */
import { assert, assertEquals } from "@std/assert";
import { halfLifeSteps, meanAndDeviation, percentile } from "../../../core/model/series.ts";
import { meanReverting } from "../../support/random_series.ts";

const percentiles = [
  { values: [1, 2, 3, 4, 5], percent: 50, expected: 3 },
  { values: [5, 1, 3, 2, 4], percent: 75, expected: 4 },
  { values: [1, 2], percent: 75, expected: 1.75 },
  { values: [7], percent: 99, expected: 7 },
];
for (const { values, percent, expected } of percentiles) {
  Deno.test(`percentile ${percent} of ${values}`, () =>
    assertEquals(percentile(Float64Array.from(values), percent), expected));
}

Deno.test("meanAndDeviation() by hand, and nothing where there is no deviation", () => {
  assertEquals(meanAndDeviation(Float64Array.from([2, 4, 6])), { mean: 4, deviation: 2 });
  assertEquals(meanAndDeviation(Float64Array.from([3, 3, 3])), undefined);
  assertEquals(meanAndDeviation(Float64Array.from([3])), undefined);
});

for (const keep of [0.5, 0.9, 0.97]) {
  Deno.test(`halfLifeSteps() finds that of a process that keeps ${keep} of each step`, () => {
    const expected = Math.log(0.5) / Math.log(keep);
    const found = halfLifeSteps(meanReverting(keep, 20_000, 7)) ?? NaN;
    assert(Math.abs(found / expected - 1) < 0.15, `${found} for ${expected}`);
  });
}

Deno.test("halfLifeSteps() of what runs away, stands still or is too short is none", () => {
  assertEquals(halfLifeSteps(Float64Array.from({ length: 200 }, (_, index) => 1.01 ** index)), undefined);
  assertEquals(halfLifeSteps(new Float64Array(50)), undefined);
  assertEquals(halfLifeSteps(Float64Array.from([1, 2, 1])), undefined);
});
