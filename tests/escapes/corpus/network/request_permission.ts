/** Asks for the permission at run time. */
// expect: refused /denied|not available|undefined/
import { attempt } from "../attempt.ts";

export default attempt("network_request_permission", async () => {
  const { state } = await Deno.permissions.request({ name: "net" });
  if (state !== "granted") throw new Error(`denied: ${state}`);
  return state;
});
