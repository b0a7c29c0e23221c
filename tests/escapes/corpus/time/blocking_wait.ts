/** Blocks its thread in Atomics.wait. */
// expect: killed PLUGIN_HEARTBEAT_LATE
import { attempt } from "../attempt.ts";

export default attempt("time_blocking_wait", async () => {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (;;) Atomics.wait(cell, 0, 0, 1_000);
});
