/** Imports a JSR package. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("modules_dynamic_jsr", async () => {
  const name: string = "jsr:@std/assert";
  return JSON.stringify(await import(name));
});
