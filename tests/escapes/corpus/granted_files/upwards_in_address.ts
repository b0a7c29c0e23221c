/** Climbs out of the granted folder in an encoded address. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("granted_files_upwards_in_address", async () => {
  return await Deno.readTextFile(new URL("file://__READABLE__/%2e%2e/outside/secret.txt"));
}, { permissions: { read: ["__READABLE__"] } });
