/** Starts a thread with its own permissions. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("workers_worker", async () => {
  new Worker("data:text/javascript,1", { type: "module" }).terminate();
  return "started";
});
