/** Asks for a client with a proxy of its own. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("granted_network_socket_over_proxy", async () => {
  const client = Deno.createHttpClient({ proxy: { url: "http://127.0.0.1:__FORBIDDEN_PORT__" } });
  client.close();
  return "made";
}, { permissions: { net: ["127.0.0.1:__ALLOWED_PORT__"] } });
