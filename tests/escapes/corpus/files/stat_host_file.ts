/** Asks whether a file exists. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("files_stat_host_file", async () => {
  return (await Deno.stat("/etc/passwd")).size;
});
