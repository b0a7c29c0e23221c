/** Starts an HTTP server. */
// expect: refused /is not a function|not available/
import { attempt } from "../attempt.ts";

export default attempt("network_serve", async () => {
  await Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => new Response()).shutdown();
  return "served";
});
