/** Writes a file of the folder that it was granted. */
// expect: control
import { attempt } from "../attempt.ts";

export default attempt("granted_files_control_of_writing", async () => {
  await Deno.writeTextFile("__WRITABLE__/mine.txt", "mine");
  return "written";
}, { permissions: { write: ["__WRITABLE__"] } });
