/** Writes the loopback address in hexadecimal. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("network_fetch_hex_ip", async () => {
  return await (await fetch("http://0x7f000001:40123/")).text();
});
