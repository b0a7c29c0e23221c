/** Lists the root folder. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("files_list_root", async () => {
  const names: string[] = [];
  for await (const entry of Deno.readDir("/")) names.push(entry.name);
  return names.join();
});
