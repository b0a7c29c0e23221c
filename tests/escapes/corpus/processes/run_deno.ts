/** Starts another Deno with all permissions. */
// expect: refused /NotCapable|not available|not a constructor/
import { attempt } from "../attempt.ts";

export default attempt("processes_run_deno", async () => {
  return (await new Deno.Command("deno", { args: ["run", "-A", "x.ts"] }).output()).code;
});
