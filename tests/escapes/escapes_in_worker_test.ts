/** A part of the corpus in the sandbox of a compiled berth; tests/slow has all of it. */
import { assertEquals } from "@std/assert";
import { type Case, readCases } from "./corpus_cases.ts";
import { testCorpus } from "./run_corpus.ts";

const cases = await readCases();
const isQuick = (one: Case): boolean => !one.expected.kind.startsWith("killed");
const groups = [...new Set(cases.map((one) => one.group))];

/** What a thread must be held by in ways of its own: everything on modules, the first two of each other group. */
const quick = cases.filter(isQuick).filter((one, _index, all) =>
  one.group === "modules" || one.group === "workers" ||
  all.filter((other) => other.group === one.group).indexOf(one) < 2
);
const slow = ["time/spin", "memory/array_buffers"];

testCorpus({ kind: "worker-in-process", cases: quick, batchSize: 10 });
testCorpus({
  kind: "worker-in-process",
  cases: cases.filter((one) => slow.includes(one.name)),
  batchSize: slow.length,
});

Deno.test("the part of the corpus has cases of every group whose cases are quick", () => {
  const missing = groups.filter((group) =>
    ![...quick.map((one) => one.group), "memory", "time"].includes(group)
  );
  assertEquals(missing, []);
});
