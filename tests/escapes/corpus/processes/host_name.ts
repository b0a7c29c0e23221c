/** Asks for the host name. */
// expect: refused /NotCapable|not available/
import { attempt } from "../attempt.ts";

export default attempt("processes_host_name", async () => {
  return Deno.hostname();
});
