/** Fetches from the same machine by its name. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("granted_network_name_in_place_of_address", async () => {
  return await (await fetch("http://localhost:__FORBIDDEN_PORT__/")).text();
}, { permissions: { net: ["127.0.0.1:__ALLOWED_PORT__"] } });
