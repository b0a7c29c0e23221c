/** Keeps data in sessionStorage. */
// expect: refused /not available|not defined|undefined/
import { attempt } from "../attempt.ts";

export default attempt("storage_session_storage", async () => {
  const store: Storage | undefined = globalThis.sessionStorage;
  if (store === undefined) throw new Error("not available: sessionStorage");
  store.setItem("a", "b");
  return store.getItem("a");
});
