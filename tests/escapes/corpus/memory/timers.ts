/** Starts timers without end. */
// expect: killed PLUGIN_LIMIT_EXCEEDED|PLUGIN_CRASHED|PLUGIN_HEARTBEAT_LATE
import { attempt } from "../attempt.ts";

export default attempt("memory_timers", async () => {
  for (;;) {
    for (let count = 0; count < 10_000; count++) setTimeout(() => {}, 3_600_000);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
});
