/** Connects over TLS. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("network_tls_connect", async () => {
  (await Deno.connectTls({ hostname: "example.com", port: 443 })).close();
  return "connected";
});
