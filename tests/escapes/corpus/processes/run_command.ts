/** Starts a program. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("processes_run_command", async () => {
  return new TextDecoder().decode((await new Deno.Command("id").output()).stdout);
});
