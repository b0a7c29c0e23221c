/** Replaces Map.prototype.get, which lookups use. */
// expect: harmless
import { attempt } from "../attempt.ts";

export default attempt("prototypes_map_get", async () => {
  Map.prototype.get = () => undefined;
  return "replaced";
});
