/** Installs a handler for the stop signal. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("exit_signal_handler", async () => {
  Deno.addSignalListener("SIGTERM", () => {});
  return "installed";
});
