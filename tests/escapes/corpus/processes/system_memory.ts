/** Asks for the memory of the machine. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("processes_system_memory", async () => {
  return JSON.stringify(Deno.systemMemoryInfo());
});
