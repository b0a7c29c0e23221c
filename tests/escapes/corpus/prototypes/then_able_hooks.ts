/** Makes everything look like a promise. */
// expect: refused TypeError
import { attempt } from "../attempt.ts";

export default attempt("prototypes_then_able_hooks", async () => {
  Object.defineProperty(Object.prototype, "then", { configurable: true, value: (taken: unknown) => taken });
  return "planted";
});
