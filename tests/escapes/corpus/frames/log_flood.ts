/** Floods the host with log lines. */
// expect: killed PLUGIN_LIMIT_EXCEEDED
import { attempt } from "../attempt.ts";

export default attempt("frames_log_flood", async (ctx) => {
  for (;;) {
    for (let count = 0; count < 2_000; count++) ctx.log.info("flood".repeat(50), { count });
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
});
