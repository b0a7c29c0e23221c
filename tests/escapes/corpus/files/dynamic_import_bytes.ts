/** Imports any file as bytes. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("files_dynamic_import_bytes", async () => {
  const target: string = "file:///etc/passwd";
  return JSON.stringify(await import(target, { with: { type: "bytes" } }));
});
