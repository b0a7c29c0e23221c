/** Leaves the zeros of the address out. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("granted_network_short_address", async () => {
  return await (await fetch("http://127.1:__FORBIDDEN_PORT__/")).text();
}, { permissions: { net: ["127.0.0.1:__ALLOWED_PORT__"] } });
