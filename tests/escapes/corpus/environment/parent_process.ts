/** Asks for the number of the host process. */
// expect: refused /not available|undefined/
import { attempt } from "../attempt.ts";

export default attempt("environment_parent_process", async () => {
  const pid: number | undefined = Deno.ppid;
  if (pid === undefined) throw new Error("not available: ppid");
  return pid;
});
