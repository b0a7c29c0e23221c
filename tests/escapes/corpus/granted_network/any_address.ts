/** Writes the address of any interface. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("granted_network_any_address", async () => {
  return await (await fetch("http://0.0.0.0:__FORBIDDEN_PORT__/")).text();
}, { permissions: { net: ["127.0.0.1:__ALLOWED_PORT__"] } });
