/** Lists the network interfaces. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("processes_network_interfaces", async () => {
  return JSON.stringify(Deno.networkInterfaces());
});
