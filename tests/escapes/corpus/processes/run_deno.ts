/** Starts another Deno with all permissions. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("processes_run_deno", async () => {
  return (await new Deno.Command("deno", { args: ["run", "-A", "x.ts"] }).output()).code;
});
