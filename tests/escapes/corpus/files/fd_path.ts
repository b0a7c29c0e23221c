/** Opens the frame stream by its descriptor in /proc. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("files_fd_path", async () => {
  await Deno.writeTextFile("/proc/self/fd/1", "forged");
  return "written";
});
