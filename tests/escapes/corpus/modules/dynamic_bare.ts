/** Imports a bare name of the host's import map. */
// expect: refused /Module not found|refused|not allowed|not in import map|Relative import path|NotCapable/
import { attempt } from "../attempt.ts";

export default attempt("modules_dynamic_bare", async () => {
  const name: string = "starknet";
  return JSON.stringify(await import(name));
});
