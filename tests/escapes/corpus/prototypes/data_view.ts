/** Replaces DataView writers, which records use. */
// expect: harmless
import { attempt } from "../attempt.ts";

export default attempt("prototypes_data_view", async () => {
  DataView.prototype.setFloat64 = () => {};
  DataView.prototype.setUint32 = () => {};
  return "replaced";
});
