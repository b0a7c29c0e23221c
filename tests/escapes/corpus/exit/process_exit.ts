/** Ends its process the Node way. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("exit_process_exit", async () => {
  globalThis.process.exit(0);
});
