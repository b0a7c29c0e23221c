/** How EdgeX keeps a connection: it pings, and closes one that answers none of five; ours shows that it still is there. */
import type { KeepAlive } from "@berth/sdk/venue/kept_connection.ts";

export const keepAliveAt = (venueNowMs: () => number): KeepAlive => ({
  ping: () => JSON.stringify({ type: "ping", time: String(venueNowMs()) }),
  afterMs: 15_000,
  deadAfterMs: 40_000,
});

/** The answer to the venue's ping: its own time back. */
export const pong = (time: string): string => JSON.stringify({ type: "pong", time });
