/** Fetches the cloud metadata address. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("network_fetch_metadata", async () => {
  return await (await fetch("http://169.254.169.254/latest/meta-data/")).text();
});
