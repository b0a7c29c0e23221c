/** Talks to whoever started this thread. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("workers_post_message", async () => {
  const { postMessage } = globalThis as unknown as { postMessage(message: string): void };
  postMessage("forged");
  return "sent";
});
