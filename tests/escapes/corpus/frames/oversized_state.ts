/** Saves more state than is allowed. */
// expect: refused PLUGIN_LIMIT_EXCEEDED
import { attempt } from "../attempt.ts";

export default attempt("frames_oversized_state", async (ctx) => {
  ctx.state.save("x".repeat(1 << 20));
  return "saved";
});
