/** Reads through a link in its own folder that points outside. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("files_symlink_inside", async () => {
  return await Deno.readTextFile(new URL("./link_to_host", import.meta.url));
});
