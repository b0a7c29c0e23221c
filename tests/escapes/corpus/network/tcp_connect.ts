/** Connects over TCP. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("network_tcp_connect", async () => {
  (await Deno.connect({ hostname: "127.0.0.1", port: 40123 })).close();
  return "connected";
});
