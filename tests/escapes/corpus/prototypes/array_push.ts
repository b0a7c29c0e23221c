/** Replaces Array.prototype.push, which codecs use. */
// expect: harmless
import { attempt } from "../attempt.ts";

export default attempt("prototypes_array_push", async () => {
  Array.prototype.push = () => {
    throw new Error("polluted");
  };
  return "replaced";
});
