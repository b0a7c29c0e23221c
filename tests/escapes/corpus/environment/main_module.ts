/** Asks for the path of the entry module. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("environment_main_module", async () => {
  return Deno.mainModule;
});
