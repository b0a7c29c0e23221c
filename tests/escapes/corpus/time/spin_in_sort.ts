/** Spins inside a sort with a comparison that never agrees. */
// expect: killed PLUGIN_HEARTBEAT_LATE
import { attempt } from "../attempt.ts";

export default attempt("time_spin_in_sort", async () => {
  const numbers = Array.from({ length: 5_000_000 }, (_, index) => index);
  for (;;) numbers.sort(() => 0.5 - Math.random());
});
