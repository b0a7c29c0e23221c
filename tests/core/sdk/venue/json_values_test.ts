import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { isRecord, numberOf, optionalNumber } from "@berth/sdk/venue/json_values.ts";

Deno.test("a decimal text is its number; everything else is NaN, or absent", () => {
  const cases = [
    ["0.00045", 0.00045],
    ["-12", -12],
    ["", NaN],
    ["Infinity", NaN],
    ["1e400", NaN],
    ["ten", NaN],
    ["9".repeat(65), NaN],
    [12, NaN],
    [null, NaN],
    [["1"], NaN],
  ] as const;
  for (const [value, number] of cases) {
    assertEquals(numberOf(value), number, JSON.stringify(value));
    if (typeof value !== "string") continue;
    assertEquals(optionalNumber(value), Number.isNaN(number) ? undefined : number, value);
  }
  fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
    assertEquals(numberOf(String(x)), Number(String(x)));
  }));
});

Deno.test("records are told from lists, null and values", () => {
  assertEquals([{}, { a: 1 }, [], null, "a", 1, undefined].map(isRecord), [
    true,
    true,
    ...Array(5).fill(false),
  ]);
});
