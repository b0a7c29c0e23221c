/** Fetches a file: URL. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("files_fetch_file_url", async () => {
  return await (await fetch("file:///etc/passwd")).text();
});
