/** Writes past the log limits. */
// expect: refused /not available|undefined/
import { attempt } from "../attempt.ts";

export default attempt("streams_write_stderr", async () => {
  const { stderr } = Deno as { stderr?: typeof Deno.stderr };
  if (stderr === undefined) throw new Error("not available: stderr");
  await stderr.write(new Uint8Array(64));
  return "written";
});
