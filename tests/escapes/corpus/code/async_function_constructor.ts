/** Reaches the async function constructor by a prototype. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("code_async_function_constructor", async () => {
  const make = Object.getPrototypeOf(async function () {}).constructor;
  return await make("return 1")();
});
