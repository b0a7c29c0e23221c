/** Keeps data on disk in the cache storage. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("storage_caches", async () => {
  await globalThis.caches.open("a");
  return "opened";
});
