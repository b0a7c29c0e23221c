/** Climbs out of its folder with "..". */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("files_read_parent_relative", async () => {
  return await Deno.readTextFile(new URL("../../../../../../etc/hostname", import.meta.url));
});
