/** Asks for the number of the host process. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("environment_parent_process", async () => {
  return Deno.ppid;
});
