/** The whole corpus in the sandbox of a source run. */
import { readCases } from "../escapes/corpus_cases.ts";
import { testCorpus } from "../escapes/run_corpus.ts";
import { testStaticCases } from "../escapes/run_static_cases.ts";

const cases = await readCases();
const isQuick = (kind: string): boolean => kind !== "killed" && kind !== "killed_at_stop";

testCorpus({ kind: "process", cases: cases.filter((one) => isQuick(one.expected.kind)), batchSize: 12 });
// They take a core each, so few at a time.
testCorpus({ kind: "process", cases: cases.filter((one) => !isQuick(one.expected.kind)), batchSize: 4 });
testStaticCases("process");
