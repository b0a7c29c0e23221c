/** Connects over TCP, which no grant covers. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("granted_network_raw_connection", async () => {
  (await Deno.connect({ hostname: "127.0.0.1", port: Number("__ALLOWED_PORT__") })).close();
  return "connected";
}, { permissions: { net: ["127.0.0.1:__ALLOWED_PORT__"] } });
