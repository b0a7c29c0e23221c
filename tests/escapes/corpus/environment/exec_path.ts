/** Asks where the executable is. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("environment_exec_path", async () => {
  return Deno.execPath();
});
