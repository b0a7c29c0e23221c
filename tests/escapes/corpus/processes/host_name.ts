/** Asks for the host name. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("processes_host_name", async () => {
  return Deno.hostname();
});
