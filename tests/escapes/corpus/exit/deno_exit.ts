/** Ends its process with a code of its own. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("exit_deno_exit", async () => {
  Deno.exit(0);
});
