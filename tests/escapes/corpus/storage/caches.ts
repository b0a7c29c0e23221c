/** Keeps data on disk in the cache storage. */
// expect: refused /not available|not defined|undefined/
import { attempt } from "../attempt.ts";

export default attempt("storage_caches", async () => {
  const store: CacheStorage | undefined = globalThis.caches;
  if (store === undefined) throw new Error("not available: caches");
  await store.open("a");
  return "opened";
});
