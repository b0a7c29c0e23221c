/** Numbers in the console's answers. */
import { assertEquals } from "@std/assert";
import { jsonText } from "../../../core/console/endpoint.ts";

const figures: readonly (readonly [string, number, string])[] = [
  ["what a binary fraction adds", 0.21489999999999998, "0.2149"],
  ["a sum of tenths", 0.1 + 0.2, "0.3"],
  ["a small price", 0.00001234, "0.00001234"],
  ["a price with many places", 83_541.123456, "83541.123456"],
  ["a loss", -3.0000000000000004, "-3"],
  ["a moment in milliseconds with a fraction", 1_763_000_000_123.25, "1763000000123.25"],
  ["a moment in microseconds", 1_763_000_000_123_456, "1763000000123456"],
  ["no number", NaN, "null"],
  ["no end", -Infinity, "null"],
];
for (const [name, value, text] of figures) {
  Deno.test(`jsonText() writes ${name}`, () => assertEquals(jsonText({ value }), `{"value":${text}}`));
}
