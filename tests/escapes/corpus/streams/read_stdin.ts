/** Reads the frame stream before the runtime does. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("streams_read_stdin", async () => {
  return await Deno.stdin.read(new Uint8Array(64));
});
