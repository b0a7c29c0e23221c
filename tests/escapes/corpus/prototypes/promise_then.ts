/** Replaces Promise.prototype.then to catch what the runtime awaits. */
// expect: harmless
import { attempt } from "../attempt.ts";

export default attempt("prototypes_promise_then", async () => {
  const then = Promise.prototype.then;
  Promise.prototype.then = function (...args) {
    return Reflect.apply(then, this, args);
  };
  return "replaced";
});
