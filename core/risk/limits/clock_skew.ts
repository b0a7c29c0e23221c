/**
 * The fastest quote of the last minute tells how far the clocks are apart: a record can't be received before it was
 * made, and a line as slow as the limit makes every quote as old. A venue that states no times can't be checked.
 */
import { type EntryLimit, rounded } from "./limit.ts";

export const clockSkew: EntryLimit = {
  name: "clock_skew",
  holdsForReducing: false,
  check({ market: { leastLatencyMs }, marketLimits: { maxClockSkewMs }, instrument }) {
    if (Number.isNaN(leastLatencyMs)) return undefined;
    return Math.abs(leastLatencyMs) <= maxClockSkewMs ? undefined : {
      code: "CLOCK_SKEW",
      facts: { instrument: instrument.id, skewMs: rounded(leastLatencyMs, 1), limitMs: maxClockSkewMs },
    };
  },
};
