/** Talks to other threads of the process. */
// expect: refused /not available|not a constructor|not defined/
import { attempt } from "../attempt.ts";

export default attempt("workers_broadcast_channel", async () => {
  new BroadcastChannel("host").close();
  return "opened";
});
