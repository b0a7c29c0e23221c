/** Imports a module from a server. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("network_dynamic_remote_import", async () => {
  const target: string = "http://127.0.0.1:40123/module.ts";
  return JSON.stringify(await import(target));
});
