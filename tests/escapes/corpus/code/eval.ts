/** Runs text as code with eval. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("code_eval", async () => {
  const run = globalThis["ev" + "al" as "eval"];
  return run("1 + 1");
});
