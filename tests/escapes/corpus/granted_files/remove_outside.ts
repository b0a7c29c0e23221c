/** Removes a file outside. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("granted_files_remove_outside", async () => {
  await Deno.remove("__OUTSIDE__/secret.txt");
  return "removed";
}, { permissions: { write: ["__WRITABLE__"] } });
