/** Imports its own file by its place on disk, past what was checked. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("modules_own_file_by_path", async () => {
  const target: string = "__PLUGIN_URL__case/attempt_case.ts";
  return JSON.stringify(await import(target));
});
