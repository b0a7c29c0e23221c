/** Reaches the generator function constructor. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("code_generator_constructor", async () => {
  const make = Object.getPrototypeOf(function* () {}).constructor;
  return [...make("yield 1")()].join();
});
