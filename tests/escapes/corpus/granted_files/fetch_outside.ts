/** Fetches a file outside by its address. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("granted_files_fetch_outside", async () => {
  return await (await fetch("file://__OUTSIDE__/secret.txt")).text();
}, { permissions: { read: ["__READABLE__"] } });
