/** Reads the environment the Node way. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("environment_process_env", async () => {
  return globalThis.process.env["PATH"];
});
