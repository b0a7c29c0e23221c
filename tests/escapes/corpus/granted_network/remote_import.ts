/** Imports a module from the host that it was granted. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("granted_network_remote_import", async () => {
  const target: string = "http://127.0.0.1:__ALLOWED_PORT__/module.ts";
  return JSON.stringify(await import(target));
}, { permissions: { net: ["127.0.0.1:__ALLOWED_PORT__"] } });
