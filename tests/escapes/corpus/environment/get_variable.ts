/** Reads an environment variable. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("environment_get_variable", async () => {
  return Deno.env.get("PATH");
});
