/** Makes a temporary file. */
// expect: refused /NotCapable|not available/
import { attempt } from "../attempt.ts";

export default attempt("files_write_temporary", async () => {
  return await Deno.makeTempFile();
});
