/** Makes a temporary file. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("files_write_temporary", async () => {
  return await Deno.makeTempFile();
});
