/** Starts a thread with its own permissions. */
// expect: refused /not available|not a constructor|not defined|NotCapable/
import { attempt } from "../attempt.ts";

export default attempt("workers_worker", async () => {
  new Worker("data:text/javascript,1", { type: "module" }).terminate();
  return "started";
});
