/** Opens a WebSocket to another port. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("granted_network_websocket", async () => {
  const socket = new WebSocket("ws://127.0.0.1:__FORBIDDEN_PORT__/");
  return await new Promise((resolve, reject) => {
    socket.onopen = () => resolve("opened");
    socket.onerror = () => reject(new Error("not opened"));
  });
}, { permissions: { net: ["127.0.0.1:__ALLOWED_PORT__"] } });
