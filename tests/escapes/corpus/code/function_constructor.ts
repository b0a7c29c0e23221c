/** Runs text as code with Function. */
// expect: refused EvalError
import { attempt } from "../attempt.ts";

export default attempt("code_function_constructor", async () => {
  return new Function("return 1 + 1")();
});
