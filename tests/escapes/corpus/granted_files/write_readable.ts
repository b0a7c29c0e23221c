/** Writes into a folder that it may read. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("granted_files_write_readable", async () => {
  await Deno.writeTextFile("__READABLE__/note.txt", "changed");
  return "written";
}, { permissions: { read: ["__READABLE__"] } });
