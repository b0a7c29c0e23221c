/** Throws in a timer of its own. */
// expect: killed PLUGIN_CRASHED
import { attempt } from "../attempt.ts";

export default attempt("errors_error_in_timer", async () => {
  setTimeout(() => {
    throw new Error("nobody catches this");
  }, 0);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return "survived";
});
