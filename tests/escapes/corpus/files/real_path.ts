/** Resolves a path of the host. */
// expect: refused /NotCapable|not available/
import { attempt } from "../attempt.ts";

export default attempt("files_real_path", async () => {
  return await Deno.realPath("/etc/../etc/passwd");
});
