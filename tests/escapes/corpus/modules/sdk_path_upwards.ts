/** Climbs out of the SDK by the name it may import. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("modules_sdk_path_upwards", async () => {
  const target: string = "@berth/sdk/../sandbox/lockdown.ts";
  return JSON.stringify(Object.keys(await import(target)));
});
