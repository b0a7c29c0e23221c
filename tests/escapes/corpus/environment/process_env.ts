/** Reads the environment the Node way. */
// expect: refused /not available|undefined|NotCapable|not defined/
import { attempt } from "../attempt.ts";

export default attempt("environment_process_env", async () => {
  const { process } = globalThis as { process?: { env: Record<string, string> } };
  if (process === undefined) throw new Error("not available: process");
  return process.env["PATH"];
});
