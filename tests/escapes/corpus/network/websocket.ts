/** Opens a WebSocket. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("network_websocket", async () => {
  return new WebSocket("ws://127.0.0.1:40123/").readyState;
});
