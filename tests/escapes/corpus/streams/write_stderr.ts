/** Writes past the log limits. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("streams_write_stderr", async () => {
  await Deno.stderr.write(new Uint8Array(64));
  return "written";
});
