/** Replaces TextEncoder to forge frames. */
// expect: harmless
import { attempt } from "../attempt.ts";

export default attempt("prototypes_text_encoder", async () => {
  TextEncoder.prototype.encode = () => new Uint8Array(64).fill(255);
  return "replaced";
});
