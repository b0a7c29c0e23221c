/** Imports the package that a module of the SDK is made of. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("modules_sdk_package", async () => {
  const target: string = "trading-signals";
  return JSON.stringify(Object.keys(await import(target)));
});
