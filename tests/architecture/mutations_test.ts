/** The slow tier breaks single lines of the code by their text: here it is held that they are still there. */
import { assert } from "@std/assert";
import { namedMutations } from "../support/named_mutations.ts";

Deno.test("every line that is mutated by name stands in its file, with what is to be replaced", async () => {
  for (const { file, line, from } of namedMutations) {
    const text = await Deno.readTextFile(new URL(`../../${file}`, import.meta.url));
    const count = text.split("\n").filter((one) => one.trim() === line).length;
    assert(count >= 1 && line.includes(from), `${file} has ${count} times: ${line}`);
  }
});
