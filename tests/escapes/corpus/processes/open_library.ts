/** Loads a native library. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("processes_open_library", async () => {
  Deno.dlopen("libc.so.6", {});
  return "loaded";
});
