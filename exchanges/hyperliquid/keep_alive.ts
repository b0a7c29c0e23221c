/** How Hyperliquid keeps a connection: one on which it sent nothing for 60 s is closed, and its answer to a ping counts. */
import type { KeepAlive } from "@berth/sdk/venue/kept_connection.ts";

export const keepAlive: KeepAlive = { ping: '{"method":"ping"}', afterMs: 15_000, deadAfterMs: 30_000 };
