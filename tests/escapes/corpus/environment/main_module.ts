/** Asks for the path of the entry module. */
// expect: refused /NotCapable|not available|undefined/
import { attempt } from "../attempt.ts";

export default attempt("environment_main_module", async () => {
  const path: string | undefined = Deno.mainModule;
  if (path === undefined) throw new Error("not available: mainModule");
  return path;
});
