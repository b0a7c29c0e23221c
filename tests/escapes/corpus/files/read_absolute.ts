/** Reads a file of the host by its absolute path. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("files_read_absolute", async () => {
  return await Deno.readTextFile("/etc/passwd");
});
