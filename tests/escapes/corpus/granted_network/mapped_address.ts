/** Writes the address as mapped IPv6. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("granted_network_mapped_address", async () => {
  return await (await fetch("http://[::ffff:7f00:1]:__FORBIDDEN_PORT__/")).text();
}, { permissions: { net: ["127.0.0.1:__ALLOWED_PORT__"] } });
