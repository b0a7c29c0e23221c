/** Ends the address with a dot. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("granted_network_trailing_dot", async () => {
  return await (await fetch("http://127.0.0.1.:__FORBIDDEN_PORT__/")).text();
}, { permissions: { net: ["127.0.0.1:__ALLOWED_PORT__"] } });
