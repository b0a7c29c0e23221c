/** Reads the whole environment. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("environment_all_variables", async () => {
  return JSON.stringify(Deno.env.toObject());
});
