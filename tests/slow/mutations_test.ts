/** Breaking any one limit or transition makes a test fail. */
import { assertEquals, assertGreater } from "@std/assert";
import { heldMutations, workbench } from "../support/mutations.ts";

Deno.test("every mutation of limits, transitions and execution is noticed by a test", async () => {
  await using bench = await workbench();
  const drawn = await heldMutations(1);
  assertGreater(drawn.length, 50);
  const survivors: string[] = [];
  for (const mutation of drawn) {
    if (!(await bench.isNoticed(mutation))) survivors.push(`${mutation.name}: ${mutation.after.trim()}`);
  }
  assertEquals(survivors, []);
});
