/** Spins with promises, which never lets timers run. */
// expect: killed PLUGIN_HEARTBEAT_LATE
import { attempt } from "../attempt.ts";

export default attempt("time_spin_in_microtasks", async () => {
  for (;;) await undefined;
});
