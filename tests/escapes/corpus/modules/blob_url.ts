/** Imports a module from a blob: URL. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("modules_blob_url", async () => {
  const target = URL.createObjectURL(new Blob(["export default 1"], { type: "text/javascript" }));
  return JSON.stringify(await import(target));
});
