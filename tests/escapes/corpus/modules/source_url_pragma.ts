/** Pretends by a pragma to be a module of the host. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("modules_source_url_pragma", async () => {
  const target: string = "node:fs";
  return JSON.stringify(await import(target));
  //# sourceURL=file:///usr/lib/berth/core/sandbox/plugin_side.ts
});
