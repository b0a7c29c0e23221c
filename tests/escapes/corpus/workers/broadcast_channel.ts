/** Talks to other threads of the process. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("workers_broadcast_channel", async () => {
  new BroadcastChannel("host").close();
  return "opened";
});
