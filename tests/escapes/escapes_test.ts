/** A part of the corpus in the sandbox of a source run; tests/slow has all of it, over both kinds of sandbox. */
import { assert, assertEquals } from "@std/assert";
import { type Case, readCases } from "./corpus_cases.ts";
import { testCorpus } from "./run_corpus.ts";

const cases = await readCases();
const isQuick = (one: Case): boolean => !one.expected.kind.startsWith("killed");

/** What reaches for more than was granted, and the first two of each other group. */
const quick = cases.filter(isQuick).filter((one, _index, all) =>
  ["files", "modules", "network", "processes"].includes(one.group) ||
  all.filter((other) => other.group === one.group).indexOf(one) < 2
);
const killed = ["time/spin", "memory/array_buffers"];

testCorpus({ kind: "process", cases: quick, batchSize: 12 });
testCorpus({
  kind: "process",
  cases: cases.filter((one) => killed.includes(one.name)),
  batchSize: killed.length,
});

Deno.test("the part of the corpus has cases of every group whose cases are quick", () => {
  const inPart = new Set([...quick.map((one) => one.group), "memory", "time"]);
  assertEquals(cases.filter((one) => !inPart.has(one.group)).map((one) => one.name), []);
});

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
