/** Reads a folder that it may only write. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("granted_files_read_through_writing", async () => {
  return await Deno.readTextFile("__WRITABLE__/../outside/secret.txt");
}, { permissions: { write: ["__WRITABLE__"] } });
