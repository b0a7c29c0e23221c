/** Imports a module from a data: URL. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("modules_data_url", async () => {
  const target: string = "data:text/javascript,export default 1";
  return JSON.stringify(await import(target));
});
