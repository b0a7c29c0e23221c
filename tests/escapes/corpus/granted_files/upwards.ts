/** Climbs out of the folder that it was granted. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("granted_files_upwards", async () => {
  return await Deno.readTextFile("__READABLE__/../outside/secret.txt");
}, { permissions: { read: ["__READABLE__"] } });
