/** Never finishes its onStop. */
// expect: killed_at_stop PLUGIN_STOP_LATE
import { attempt } from "../attempt.ts";

export default attempt("time_never_stops", async () => {
  return "ready to be stopped";
}, { onStop: () => new Promise<void>(() => {}) });
