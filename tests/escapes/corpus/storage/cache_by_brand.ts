/** Makes itself a cache store on disk from the class that is left lying about. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("storage_cache_by_brand", async () => {
  const brand = Reflect.ownKeys(globalThis).find((key) => String(key).includes("brand"));
  const store: object = Object.create(CacheStorage.prototype);
  if (brand !== undefined) Object.defineProperty(store, brand, { value: brand });
  return await CacheStorage.prototype.open.call(store as CacheStorage, "loot");
});
