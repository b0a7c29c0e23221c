/** Writes the loopback address as one number. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("network_fetch_decimal_ip", async () => {
  return await (await fetch("http://2130706433:40123/")).text();
});
