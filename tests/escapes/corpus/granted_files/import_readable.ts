/** Imports a module from a folder that it may read. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("granted_files_import_readable", async () => {
  const target: string = "file://__READABLE__/module.ts";
  return JSON.stringify(await import(target));
}, { permissions: { read: ["__READABLE__"] } });
