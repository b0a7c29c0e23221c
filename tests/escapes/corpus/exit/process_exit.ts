/** Ends its process the Node way. */
// expect: refused /not available|not a function|undefined|not defined/
import { attempt } from "../attempt.ts";

export default attempt("exit_process_exit", async () => {
  const { process } = globalThis as { process?: { exit(code: number): void } };
  if (process === undefined) throw new Error("not available: process");
  process.exit(0);
});
