/** Fetches with node:http. */
// expect: refused /refused|not allowed|NotCapable|not available/
import { attempt } from "../attempt.ts";

export default attempt("network_node_http", async () => {
  const name: string = "node:http";
  return JSON.stringify(await import(name));
});
