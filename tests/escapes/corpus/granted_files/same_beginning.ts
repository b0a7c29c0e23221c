/** Reads a folder whose name begins like the granted one. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("granted_files_same_beginning", async () => {
  return await Deno.readTextFile("__READABLE___not/secret.txt");
}, { permissions: { read: ["__READABLE__"] } });
