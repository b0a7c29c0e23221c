/** Asks where the executable is. */
// expect: refused /NotCapable|not available/
import { attempt } from "../attempt.ts";

export default attempt("environment_exec_path", async () => {
  return Deno.execPath();
});
