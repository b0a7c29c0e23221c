/** Sends datagrams. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("network_udp", async () => {
  const name: string = "node:dgram";
  const { createSocket } = await import(name);
  createSocket("udp4").send("secret", 40_123, "127.0.0.1");
  return "sent";
});
