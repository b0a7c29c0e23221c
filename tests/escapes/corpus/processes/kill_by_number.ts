/** Sends a signal to process 1. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("processes_kill_by_number", async () => {
  Deno.kill(1, "SIGCONT");
  return "sent";
});
