/** Imports node:fs by a computed name. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("modules_dynamic_node_fs", async () => {
  const fs = await import(["node", "fs"].join(":"));
  return fs.readFileSync("/etc/passwd", "utf8");
});
