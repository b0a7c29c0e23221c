/** Writes the address as one number. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("granted_network_decimal_address", async () => {
  return await (await fetch("http://2130706433:__FORBIDDEN_PORT__/")).text();
}, { permissions: { net: ["127.0.0.1:__ALLOWED_PORT__"] } });
