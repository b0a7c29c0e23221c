/** Reads the command line. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("environment_arguments", async () => {
  return Deno.args.join();
});
