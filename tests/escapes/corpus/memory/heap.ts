/** Fills the heap. */
// expect: killed PLUGIN_LIMIT_EXCEEDED|PLUGIN_CRASHED|PLUGIN_HEARTBEAT_LATE
import { attempt } from "../attempt.ts";

export default attempt("memory_heap", async () => {
  const hoard: unknown[] = [];
  for (;;) {
    hoard.push(Array.from({ length: 100_000 }, (_, index) => ({ index })));
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
});
