import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { matchesAny, matchesPattern } from "../../../core/model/symbol_pattern.ts";

const patterns = [
  ["*", "BTC-PERP", true],
  ["BTC-PERP", "BTC-PERP", true],
  ["BTC-PERP", "BTC-PERP2", false],
  ["*-PERP", "BTC-PERP", true],
  ["*-PERP", "BTC-SPOT", false],
  ["BTC-*", "BTC-PERP", true],
  ["B*-*P", "BTC-PERP", true],
  ["B*C*P", "BP", false],
  ["AB*BA", "ABA", false],
  ["a.c", "abc", false],
  ["", "", true],
  ["", "x", false],
] as const;
for (const [pattern, text, expected] of patterns) {
  Deno.test(`the pattern ${pattern} ${expected ? "covers" : "does not cover"} ${text || "nothing"}`, () => {
    assertEquals(matchesPattern(pattern, text), expected);
  });
}

Deno.test("patterns agree with regular expressions", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 8 });
  fc.assert(
    fc.property(text, text.map((one) => one.replaceAll("*", "")), (pattern, candidate) => {
      const expression = new RegExp(`^${pattern.replaceAll("*", ".*")}$`);
      assertEquals(matchesPattern(pattern, candidate), expression.test(candidate));
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("any of several patterns is enough, none covers nothing", () => {
  assertEquals(
    [["ETH-PERP", "BTC-*"], ["BTC.PERP", "BTC"], []].map((patterns) => matchesAny("BTC-PERP", patterns)),
    [true, false, false],
  );
});
