/**
 * The fastest quote of the last minute tells how far the clocks are apart: a record can't be received before it was
 * made, and a line as slow as the limit makes every quote as old. A venue that states no times can't be checked.
 *
 * A wrong clock is no reason to keep a position: what the host closes for a plugin passes, also where another plugin holds
 * the other side and the order is a new one for the account.
 */
import { type EntryLimit, rounded } from "./limit.ts";

export const clockSkew: EntryLimit = {
  name: "clock_skew",
  holdsForReducing: false,
  check({ market: { leastLatencyMs }, marketLimits: { maxClockSkewMs }, instrument, intent, origin }) {
    if (Number.isNaN(leastLatencyMs) || (origin === "host" && intent.reduceOnly)) return undefined;
    return Math.abs(leastLatencyMs) <= maxClockSkewMs ? undefined : {
      code: "CLOCK_SKEW",
      facts: { instrument: instrument.id, skewMs: rounded(leastLatencyMs, 1), limitMs: maxClockSkewMs },
    };
  },
};
