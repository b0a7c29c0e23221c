/** Asks for the working folder. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("files_working_directory", async () => {
  return Deno.cwd();
});
