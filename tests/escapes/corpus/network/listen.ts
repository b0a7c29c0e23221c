/** Listens on a port. */
// expect: refused /NotCapable|not available/
import { attempt } from "../attempt.ts";

export default attempt("network_listen", async () => {
  Deno.listen({ hostname: "127.0.0.1", port: 0 }).close();
  return "listening";
});
