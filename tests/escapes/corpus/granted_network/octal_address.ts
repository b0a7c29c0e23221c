/** Writes the address in octal digits. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("granted_network_octal_address", async () => {
  return await (await fetch("http://0177.0.0.01:__FORBIDDEN_PORT__/")).text();
}, { permissions: { net: ["127.0.0.1:__ALLOWED_PORT__"] } });
