/** Changes the flags of V8. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("modules_flags_of_the_engine", async () => {
  const { setFlagsFromString } = await import(["node", "v8"].join(":"));
  setFlagsFromString("--allow-natives-syntax");
  return "set";
});
