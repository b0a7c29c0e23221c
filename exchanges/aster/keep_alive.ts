/**
 * How Aster keeps a connection: its own pings are frames of the protocol, every five minutes. Ours is a question that
 * changes nothing; an answer, or anything else, shows that the venue is there.
 */
import type { KeepAlive } from "@berth/sdk/venue/kept_connection.ts";

export const keepAlive: KeepAlive = {
  ping: '{"method":"LIST_SUBSCRIPTIONS","id":0}',
  afterMs: 20_000,
  deadAfterMs: 45_000,
};

/** A connection ends after 24 hours: another takes over before. */
export const handOverAfterMs = 23 * 3_600_000;
