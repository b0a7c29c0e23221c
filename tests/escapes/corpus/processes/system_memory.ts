/** Asks for the memory of the machine. */
// expect: refused /NotCapable|not available/
import { attempt } from "../attempt.ts";

export default attempt("processes_system_memory", async () => {
  return JSON.stringify(Deno.systemMemoryInfo());
});
