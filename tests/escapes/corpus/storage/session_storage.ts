/** Keeps data in sessionStorage. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("storage_session_storage", async () => {
  globalThis.sessionStorage.setItem("a", "b");
  return globalThis.sessionStorage.getItem("a");
});
