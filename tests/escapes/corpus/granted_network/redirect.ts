/** Is sent from the host that it was granted to another one. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("granted_network_redirect", async () => {
  return await (await fetch("http://127.0.0.1:__ALLOWED_PORT__/away")).text();
}, { permissions: { net: ["127.0.0.1:__ALLOWED_PORT__"] } });
