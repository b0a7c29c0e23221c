/** Which kind of sandbox a choice means, in a source run and in a compiled one. */
import { assertEquals } from "@std/assert";
import { sandboxKindOf } from "../../../core/sandbox/kind_names.ts";

const cases = [
  { choice: "auto", isCompiled: false, expected: "process" },
  { choice: "auto", isCompiled: true, expected: "worker-in-process" },
  { choice: "process", isCompiled: false, expected: "process" },
  { choice: "process", isCompiled: true, expected: undefined },
  { choice: "worker-in-process", isCompiled: false, expected: "worker-in-process" },
  { choice: "worker-in-process", isCompiled: true, expected: "worker-in-process" },
] as const;

for (const { choice, isCompiled, expected } of cases) {
  Deno.test(`sandboxKindOf() ${choice}, ${isCompiled ? "compiled" : "from source"}`, () =>
    assertEquals(sandboxKindOf(choice, isCompiled), expected));
}
