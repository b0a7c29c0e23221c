/** Watches a folder of the host. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("files_watch_folder", async () => {
  const watcher = Deno.watchFs("/etc");
  watcher.close();
  return "watching";
});
