/** Reads a file outside by its path. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("granted_files_outside", async () => {
  return await Deno.readTextFile("__OUTSIDE__/secret.txt");
}, { permissions: { read: ["__READABLE__"] } });
