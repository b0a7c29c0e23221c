/** Takes node:fs from process.getBuiltinModule. */
// expect: refused /not available|undefined|not a function|NotCapable/
import { attempt } from "../attempt.ts";

export default attempt("modules_get_builtin_module", async () => {
  const { process } = globalThis as {
    process?: { getBuiltinModule(name: string): { readFileSync(path: string): unknown } };
  };
  if (process === undefined) throw new Error("not available: process");
  return String(process.getBuiltinModule("node:fs").readFileSync("/etc/passwd"));
});
