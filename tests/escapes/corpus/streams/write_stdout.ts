/** Writes onto the frame stream. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("streams_write_stdout", async () => {
  await Deno.stdout.write(new Uint8Array(64).fill(255));
  return "written";
});
