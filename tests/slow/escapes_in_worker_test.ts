/** The whole corpus in the sandbox of a compiled berth: a thread with narrowed permissions in a process. */
import { readCases } from "../escapes/corpus_cases.ts";
import { testCorpus } from "../escapes/run_corpus.ts";
import { testStaticCases } from "../escapes/run_static_cases.ts";

const cases = await readCases();
const isQuick = (kind: string): boolean => !kind.startsWith("killed");

testCorpus({
  kind: "worker-in-process",
  cases: cases.filter((one) => isQuick(one.expected.kind)),
  batchSize: 10,
});
testCorpus({
  kind: "worker-in-process",
  cases: cases.filter((one) => !isQuick(one.expected.kind)),
  batchSize: 4,
});
testStaticCases("worker-in-process");
