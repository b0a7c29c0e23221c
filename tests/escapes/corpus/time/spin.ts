/** Never gives its event loop back. */
// expect: killed PLUGIN_HEARTBEAT_LATE
import { attempt } from "../attempt.ts";

export default attempt("time_spin", async () => {
  for (;;);
});
