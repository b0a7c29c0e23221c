/** Climbs out of its folder inside the address of its own module. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("modules_traversal_in_address", async () => {
  const target = new URL("../../../../etc/hosts.ts", import.meta.url).href;
  return JSON.stringify(await import(target));
});
