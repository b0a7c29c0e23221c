/** Makes a link that leads outside. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("granted_files_link_outside", async () => {
  await Deno.symlink("__OUTSIDE__", "__WRITABLE__/link");
  return await Deno.readTextFile("__WRITABLE__/link/secret.txt");
}, { permissions: { read: ["__WRITABLE__"], write: ["__WRITABLE__"] } });
