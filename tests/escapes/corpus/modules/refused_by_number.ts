/** Imports the address under which refusals are kept. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("modules_refused_by_number", async () => {
  const target: string = "plugin-refused:///1";
  return JSON.stringify(await import(target));
});
