/** Reads an environment variable. */
// expect: refused /Cannot read properties of undefined|not available/
import { attempt } from "../attempt.ts";

export default attempt("environment_get_variable", async () => {
  return Deno.env.get("PATH");
});
