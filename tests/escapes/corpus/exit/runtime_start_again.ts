/** Calls what starts the Node part of the runtime, once more. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("exit_runtime_start_again", async () => {
  const { nodeBootstrap } = globalThis as unknown as { nodeBootstrap(options: object): unknown };
  return nodeBootstrap({ runningOnMainThread: true, argv0: "loot" });
});
