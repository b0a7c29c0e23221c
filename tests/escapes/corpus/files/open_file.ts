/** Opens a file handle. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("files_open_file", async () => {
  using file = await Deno.open("/etc/passwd");
  return await new Response(file.readable).text();
});
