/** Writes the loopback address as mapped IPv6. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("network_fetch_mapped_ipv6", async () => {
  return await (await fetch("http://[::ffff:127.0.0.1]:40123/")).text();
});
