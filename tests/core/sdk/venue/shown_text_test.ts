/** Anything that JSON can hold is shown without a throw. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { shownText } from "@berth/sdk/venue/shown_text.ts";

const cases = [
  { value: "60012", shown: "60012" },
  { value: 7, shown: "7" },
  { value: null, shown: "null" },
  { value: undefined, shown: "nothing" },
  { value: { toString: null }, shown: '{"toString":null}' },
  { value: ["a", 1], shown: '["a",1]' },
];
for (const { value, shown } of cases) {
  Deno.test(`shownText(${shown})`, () => assertEquals(shownText(value), shown));
}

Deno.test("shownText() of any parsed JSON is a text within its bound", () => {
  fc.assert(fc.property(fc.json(), fc.nat(50), (json, maxChars) => {
    assert(shownText(JSON.parse(json), maxChars).length <= maxChars);
  }));
});
