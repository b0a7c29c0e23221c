/** Takes a lock that all threads of a process share. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("storage_web_locks", async () => {
  const { locks } = navigator as unknown as {
    locks: { request(name: string, act: () => string): Promise<string> };
  };
  return await locks.request("host", () => "locked");
});
