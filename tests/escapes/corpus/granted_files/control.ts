/** Reads a file of the folder that it was granted. */
// expect: control
import { attempt } from "../attempt.ts";

export default attempt("granted_files_control", async () => {
  return await Deno.readTextFile("__READABLE__/note.txt");
}, { permissions: { read: ["__READABLE__"] } });
