/** Fetches with node:http. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("network_node_http", async () => {
  const name: string = "node:http";
  return JSON.stringify(await import(name));
});
