/** Invents gauges without end. */
// expect: killed PLUGIN_LIMIT_EXCEEDED
import { attempt } from "../attempt.ts";

export default attempt("frames_gauge_flood", async (ctx) => {
  for (let count = 0;; count++) {
    ctx.gauge(`gauge_${count}`, count);
    if (count % 1_000 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
});
