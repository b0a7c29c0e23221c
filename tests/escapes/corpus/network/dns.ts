/** Resolves a name, which can carry data out. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("network_dns", async () => {
  return (await Deno.resolveDns("secret.example.com", "A")).join();
});
