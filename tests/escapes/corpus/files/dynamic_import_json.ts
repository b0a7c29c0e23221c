/** Imports a JSON file outside its folder by a literal specifier. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

const TARGET: string = "file:///etc/berth-escape.json";

export default attempt("files_dynamic_import_json", async () => {
  return JSON.stringify(await import(TARGET, { with: { type: "json" } }));
});
