/** Resolves a path of the host. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("files_real_path", async () => {
  return await Deno.realPath("/etc/../etc/passwd");
});
