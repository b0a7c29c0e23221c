/** Starts a program with node:child_process. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("processes_node_child_process", async () => {
  const name: string = "node:child_process";
  const { execSync } = await import(name);
  return String(execSync("id"));
});
