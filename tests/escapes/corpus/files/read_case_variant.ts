/** Spells a path with another case and redundant parts. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("files_read_case_variant", async () => {
  return await Deno.readTextFile("/ETC/../etc/./passwd");
});
