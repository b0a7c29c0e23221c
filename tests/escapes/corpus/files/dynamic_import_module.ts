/** Imports a module of the host by a computed specifier. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("files_dynamic_import_module", async () => {
  const target = ["file://", "/usr", "/lib/berth_escape.ts"].join("");
  return JSON.stringify(await import(target));
});
