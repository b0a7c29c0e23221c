/** Connects with node:net. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("network_node_net", async () => {
  const name: string = "node:net";
  return JSON.stringify(await import(name));
});
