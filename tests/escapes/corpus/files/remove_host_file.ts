/** Removes a file. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("files_remove_host_file", async () => {
  await Deno.remove("/tmp/berth-escape-target");
  return "removed";
});
