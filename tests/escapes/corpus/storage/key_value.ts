/** Opens a key-value database. */
// expect: refused TypeError|PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("storage_key_value", async () => {
  const { openKv } = Deno as unknown as { openKv(): Promise<unknown> };
  return await openKv();
});
