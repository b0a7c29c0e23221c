/** Opens a key-value database. */
// expect: refused /not available|not a function|NotCapable/
import { attempt } from "../attempt.ts";

export default attempt("storage_key_value", async () => {
  const { openKv } = Deno as { openKv?: () => Promise<unknown> };
  if (openKv === undefined) throw new Error("not available: openKv");
  await openKv();
  return "opened";
});
