/** The whole corpus in the sandbox of a source run. */
import { assert, assertEquals } from "@std/assert";
import { readCases } from "./corpus_cases.ts";
import { testCorpus } from "./run_corpus.ts";
import { testStaticCases } from "./run_static_cases.ts";

const cases = await readCases();
const isQuick = (kind: string): boolean => kind !== "killed" && kind !== "killed_at_stop";

testCorpus({ kind: "process", cases: cases.filter((one) => isQuick(one.expected.kind)), batchSize: 12 });
// They take a core each, so few at a time.
testCorpus({ kind: "process", cases: cases.filter((one) => !isQuick(one.expected.kind)), batchSize: 4 });
testStaticCases("process");

Deno.test("the corpus has the groups it is meant to have, and every case is one of them", () => {
  const groups = [...new Set(cases.map((one) => one.group))].sort();
  assertEquals(groups, [
    "code",
    "environment",
    "errors",
    "exit",
    "files",
    "frames",
    "granted_files",
    "granted_network",
    "memory",
    "modules",
    "network",
    "processes",
    "prototypes",
    "storage",
    "streams",
    "time",
    "workers",
  ]);
  assert(cases.length >= 60, `${cases.length} cases`);
});
