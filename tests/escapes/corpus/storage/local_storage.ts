/** Keeps data on disk in localStorage. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("storage_local_storage", async () => {
  globalThis.localStorage.setItem("a", "b");
  return globalThis.localStorage.getItem("a");
});
