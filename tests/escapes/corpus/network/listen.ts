/** Listens on a port. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("network_listen", async () => {
  Deno.listen({ hostname: "127.0.0.1", port: 0 }).close();
  return "listening";
});
