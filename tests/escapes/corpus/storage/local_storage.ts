/** Keeps data on disk in localStorage. */
// expect: refused /not available|not defined|undefined|not supported/
import { attempt } from "../attempt.ts";

export default attempt("storage_local_storage", async () => {
  const store: Storage | undefined = globalThis.localStorage;
  if (store === undefined) throw new Error("not available: localStorage");
  store.setItem("a", "b");
  return store.getItem("a");
});
