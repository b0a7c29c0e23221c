/** Fills memory with texts. */
// expect: killed PLUGIN_LIMIT_EXCEEDED|PLUGIN_CRASHED|PLUGIN_HEARTBEAT_LATE
import { attempt } from "../attempt.ts";

export default attempt("memory_strings", async () => {
  const hoard: string[] = [];
  const bytes = new Uint8Array(4 << 20).fill(120);
  for (;;) {
    // Decoded, because a padded or repeated text is only a promise of one.
    hoard.push(new TextDecoder().decode(bytes));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
});
