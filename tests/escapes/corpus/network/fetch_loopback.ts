/** Fetches from a server on this machine. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("network_fetch_loopback", async () => {
  return await (await fetch("http://127.0.0.1:40123/")).text();
});
