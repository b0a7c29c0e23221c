/** Takes node:fs from process.getBuiltinModule. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("modules_get_builtin_module", async () => {
  return String(globalThis.process.getBuiltinModule("node:fs").readFileSync("/etc/passwd"));
});
