/** Imports an npm package. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("modules_dynamic_npm", async () => {
  const name: string = "npm:is-number@7.0.0";
  return JSON.stringify(await import(name));
});
