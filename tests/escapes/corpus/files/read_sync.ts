/** Reads synchronously. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("files_read_sync", async () => {
  return Deno.readTextFileSync("/etc/passwd");
});
