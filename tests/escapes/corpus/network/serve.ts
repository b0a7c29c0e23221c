/** Starts an HTTP server. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("network_serve", async () => {
  await Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => new Response()).shutdown();
  return "served";
});
