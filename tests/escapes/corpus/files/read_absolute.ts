/** Reads a file of the host by its absolute path. */
// expect: refused /NotCapable|not available/
import { attempt } from "../attempt.ts";

export default attempt("files_read_absolute", async () => {
  return await Deno.readTextFile("/etc/passwd");
});
