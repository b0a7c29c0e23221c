/** Lists the network interfaces. */
// expect: refused /NotCapable|not available/
import { attempt } from "../attempt.ts";

export default attempt("processes_network_interfaces", async () => {
  return JSON.stringify(Deno.networkInterfaces());
});
