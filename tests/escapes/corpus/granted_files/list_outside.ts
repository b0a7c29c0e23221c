/** Lists a folder outside. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("granted_files_list_outside", async () => {
  const names: string[] = [];
  for await (const entry of Deno.readDir("__OUTSIDE__")) names.push(entry.name);
  return names.join();
}, { permissions: { read: ["__READABLE__"] } });
