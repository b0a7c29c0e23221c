/** Writes onto the frame stream. */
// expect: refused /not available|undefined/
import { attempt } from "../attempt.ts";

export default attempt("streams_write_stdout", async () => {
  const { stdout } = Deno as { stdout?: typeof Deno.stdout };
  if (stdout === undefined) throw new Error("not available: stdout");
  await stdout.write(new Uint8Array(64).fill(255));
  return "written";
});
