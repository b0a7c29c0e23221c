/** Runs text as code with Function. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("code_function_constructor", async () => {
  return new Function("return 1 + 1")();
});
