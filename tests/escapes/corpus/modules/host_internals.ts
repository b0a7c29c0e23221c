/** Imports the host's own sandbox code by its path. */
// expect: refused /refused|not allowed|NotCapable|Requires/
import { attempt } from "../attempt.ts";

export default attempt("modules_host_internals", async () => {
  const sdk: string = import.meta.resolve("@berth/sdk");
  return JSON.stringify(Object.keys(await import(new URL("../host/compose.ts", sdk).href)));
});
