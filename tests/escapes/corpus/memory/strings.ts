/** Fills memory with one growing text. */
// expect: killed PLUGIN_LIMIT_EXCEEDED|PLUGIN_CRASHED
import { attempt } from "../attempt.ts";

export default attempt("memory_strings", async () => {
  const hoard: string[] = [];
  for (let round = 0;; round++) {
    hoard.push(String(round).padStart(4 << 20, "x") + round);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
});
