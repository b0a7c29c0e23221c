/** Sends a signal to process 1. */
// expect: refused /is not a function|not available/
import { attempt } from "../attempt.ts";

export default attempt("processes_kill_by_number", async () => {
  Deno.kill(1, "SIGCONT");
  return "sent";
});
