/** Reads the environment of its own process from /proc. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("files_proc_environ", async () => {
  return await Deno.readTextFile("/proc/self/environ");
});
