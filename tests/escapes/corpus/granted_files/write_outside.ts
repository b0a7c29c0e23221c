/** Writes outside the folder that it was granted. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("granted_files_write_outside", async () => {
  await Deno.writeTextFile("__WRITABLE__/../outside/secret.txt", "changed");
  return "written";
}, { permissions: { write: ["__WRITABLE__"] } });
