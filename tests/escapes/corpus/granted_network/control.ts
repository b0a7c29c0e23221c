/** Fetches from the host that it was granted. */
// expect: control
import { attempt } from "../attempt.ts";

export default attempt("granted_network_control", async () => {
  return await (await fetch("http://127.0.0.1:__ALLOWED_PORT__/")).text();
}, { permissions: { net: ["127.0.0.1:__ALLOWED_PORT__"] } });
