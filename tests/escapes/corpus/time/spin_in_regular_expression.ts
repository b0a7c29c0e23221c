/** Spins inside one native call. */
// expect: killed PLUGIN_HEARTBEAT_LATE
import { attempt } from "../attempt.ts";

export default attempt("time_spin_in_regular_expression", async () => {
  return /^(a+)+$/.test("a".repeat(64) + "b");
});
