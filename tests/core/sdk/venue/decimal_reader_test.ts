/** The reader gives what `Number` gives, or NaN and leaves the text to the general reader. */
import { assertEquals } from "@std/assert";
import { DecimalReader, maxExactDigits } from "@berth/sdk/venue/decimal_reader.ts";
import fc from "fast-check";

Deno.test("a plain decimal is the double that Number gives, and the reader stands at its quotation mark", () => {
  const digits = fc.stringMatching(/^[0-9]{1,15}$/);
  fc.assert(fc.property(digits, fc.nat(15), fc.string(), (text, pointAt, before) => {
    const at = Math.min(pointAt, text.length);
    const decimal = at === 0 || at === text.length ? text : `${text.slice(0, at)}.${text.slice(at)}`;
    const reader = new DecimalReader();
    assertEquals(reader.read(`${before}${decimal}","`, before.length), Number(decimal));
    assertEquals(reader.at, before.length + decimal.length);
  }));
});

const refused = [
  "",
  ".5",
  "5.",
  "1.2.3",
  "-1",
  "+1",
  "1e5",
  " 1",
  "1_0",
  "0x1",
  "1".repeat(maxExactDigits + 1),
];
for (const text of refused) {
  Deno.test(`"${text}" is left to the general reader`, () => {
    assertEquals(new DecimalReader().read(`${text}"`, 0), NaN);
  });
}

Deno.test("a text without quotation mark ends the reading", () => {
  assertEquals(new DecimalReader().read("12.5", 0), NaN);
});
