/** How OKX keeps a connection (its docs, WebSocket "Connect"): one on which nothing came for 30 s is closed. */
import type { KeepAlive } from "@berth/sdk/venue/kept_connection.ts";

export const keepAlive: KeepAlive = { ping: "ping", answer: "pong", afterMs: 20_000, deadAfterMs: 30_000 };
