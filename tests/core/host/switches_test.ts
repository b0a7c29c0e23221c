/** Plugins that start only when the operator says so. */
import { assertEquals } from "@std/assert";
import { isSwitchedOff, setDisabled } from "../../../core/host/plugins/grants.ts";

const startsOff = [
  { name: "nothing was said", enabled: [], disabled: [], isOff: true },
  { name: "the operator switched it on", enabled: ["scalper"], disabled: [], isOff: false },
  { name: "the operator switched it off again", enabled: [], disabled: ["scalper"], isOff: true },
];
for (const { name, enabled, disabled, isOff } of startsOff) {
  Deno.test(`a plugin that starts disabled: ${name}`, () => {
    const book = { grants: [], enabled, disabled };
    assertEquals(isSwitchedOff(book, { id: "scalper", startsDisabled: true }), isOff);
    assertEquals(isSwitchedOff(book, { id: "other" }), false);
    assertEquals(
      isSwitchedOff(setDisabled(book, "scalper", false), { id: "scalper", startsDisabled: true }),
      false,
    );
    assertEquals(isSwitchedOff(setDisabled(book, "other", true), { id: "other" }), true);
  });
}
