/** Imports the host's own sandbox code by its path. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("modules_host_internals", async () => {
  const target: string = "__PROJECT_URL__core/host/compose.ts";
  return JSON.stringify(Object.keys(await import(target)));
});
