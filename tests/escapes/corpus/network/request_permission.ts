/** Asks for the permission at run time. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("network_request_permission", async () => {
  return (await Deno.permissions.request({ name: "net" })).state;
});
