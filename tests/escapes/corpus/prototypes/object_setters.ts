/** Plants a setter on Object.prototype to catch what the runtime assigns. */
// expect: refused TypeError
import { attempt } from "../attempt.ts";

export default attempt("prototypes_object_setters", async () => {
  const caught: unknown[] = [];
  Object.defineProperty(Object.prototype, "secrets", {
    configurable: true,
    set: (value) => caught.push(value),
  });
  return caught.length;
});
