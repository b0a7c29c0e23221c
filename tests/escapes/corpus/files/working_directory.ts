/** Asks for the working folder. */
// expect: refused /NotCapable|not available/
import { attempt } from "../attempt.ts";

export default attempt("files_working_directory", async () => {
  return Deno.cwd();
});
