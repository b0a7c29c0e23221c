/** Opens the frame stream by its device name. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("files_dev_stdout", async () => {
  await Deno.writeTextFile("/dev/stdout", "forged");
  return "written";
});
