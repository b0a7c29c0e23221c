/** Reads the whole environment. */
// expect: refused /Cannot read properties of undefined|not available/
import { attempt } from "../attempt.ts";

export default attempt("environment_all_variables", async () => {
  return JSON.stringify(Deno.env.toObject());
});
