/** Reads the frame stream before the runtime does. */
// expect: refused /not available|undefined/
import { attempt } from "../attempt.ts";

export default attempt("streams_read_stdin", async () => {
  const { stdin } = Deno as { stdin?: typeof Deno.stdin };
  if (stdin === undefined) throw new Error("not available: stdin");
  return await stdin.read(new Uint8Array(64));
});
