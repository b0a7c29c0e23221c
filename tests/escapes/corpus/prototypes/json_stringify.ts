/** Replaces JSON.stringify to forge what the runtime sends. */
// expect: harmless
import { attempt } from "../attempt.ts";

export default attempt("prototypes_json_stringify", async () => {
  JSON.stringify = () => '{"type":"submit"}';
  return "replaced";
});
