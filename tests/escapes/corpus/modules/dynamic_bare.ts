/** Imports a bare name of the host's import map. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("modules_dynamic_bare", async () => {
  const name: string = "starknet";
  return JSON.stringify(await import(name));
});
