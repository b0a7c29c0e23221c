/** Leaves a rejection unhandled. */
// expect: killed PLUGIN_CRASHED
import { attempt } from "../attempt.ts";

export default attempt("errors_unhandled_rejection", async () => {
  Promise.reject(new Error("nobody catches this"));
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return "survived";
});
