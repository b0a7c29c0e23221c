/** Puts the granted host where a user name goes. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("granted_network_user_and_host", async () => {
  return await (await fetch("http://127.0.0.1:__ALLOWED_PORT__@127.0.0.1:__FORBIDDEN_PORT__/")).text();
}, { permissions: { net: ["127.0.0.1:__ALLOWED_PORT__"] } });
