/** Reads the command line. */
// expect: refused /not available|undefined|empty/
import { attempt } from "../attempt.ts";

export default attempt("environment_arguments", async () => {
  const args: readonly string[] | undefined = Deno.args;
  if (args === undefined || args.length === 0) throw new Error("not available: args are empty");
  return args.join();
});
