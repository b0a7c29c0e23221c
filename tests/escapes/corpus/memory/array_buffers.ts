/** Fills memory outside the heap, which no heap limit sees. */
// expect: killed PLUGIN_LIMIT_EXCEEDED|PLUGIN_CRASHED|PLUGIN_HEARTBEAT_LATE
import { attempt } from "../attempt.ts";

export default attempt("memory_array_buffers", async () => {
  const hoard: Uint8Array[] = [];
  for (;;) {
    hoard.push(new Uint8Array(8 << 20).fill(1));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
});
