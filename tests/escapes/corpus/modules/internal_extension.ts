/** Imports a module of the runtime itself. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("modules_internal_extension", async () => {
  const target: string = "ext:core/mod.js";
  return JSON.stringify(await import(target));
});
