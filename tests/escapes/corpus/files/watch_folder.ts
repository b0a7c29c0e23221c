/** Watches a folder of the host. */
// expect: refused /NotCapable|not available/
import { attempt } from "../attempt.ts";

export default attempt("files_watch_folder", async () => {
  const watcher = Deno.watchFs("/etc");
  watcher.close();
  return "watching";
});
