/** Sends a signal to the host. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("processes_kill_host", async () => {
  Deno.kill(Deno.ppid, "SIGTERM");
  return "sent";
});
