/** Takes require from node:module. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("modules_require_by_create_require", async () => {
  const name: string = "node:module";
  const { createRequire } = await import(name);
  return createRequire(import.meta.url)("fs").readFileSync("/etc/passwd", "utf8");
});
