/** Writes into its own folder. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("files_write_own_folder", async () => {
  await Deno.writeTextFile(new URL("./dropped.ts", import.meta.url), "export {}");
  return "written";
});
