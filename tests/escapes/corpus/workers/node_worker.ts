/** Starts a Node worker. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("workers_node_worker", async () => {
  const name: string = "node:worker_threads";
  return JSON.stringify(await import(name));
});
