/** Climbs out of the SDK by a path that is decoded later. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("modules_sdk_path_encoded", async () => {
  const target: string = "@berth/sdk/..%2fsandbox%2flockdown.ts";
  return JSON.stringify(Object.keys(await import(target)));
});
