/** Sends a signal to the host. */
// expect: refused /is not a function|not available/
import { attempt } from "../attempt.ts";

export default attempt("processes_kill_host", async () => {
  Deno.kill(Deno.ppid, "SIGTERM");
  return "sent";
});
