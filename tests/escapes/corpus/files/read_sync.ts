/** Reads synchronously. */
// expect: refused /NotCapable|not available/
import { attempt } from "../attempt.ts";

export default attempt("files_read_sync", async () => {
  return Deno.readTextFileSync("/etc/passwd");
});
