/** Cancelled orders per filled order over the day: venues throttle or fine who only cancels. */
import { type EntryLimit, firstOverScopes, rounded } from "./limit.ts";

export const cancelToFill: EntryLimit = {
  name: "cancel_to_fill",
  holdsForReducing: false,
  check({ scopes, marketLimits: { minCancelsForRatio } }) {
    return firstOverScopes(scopes, "maxCancelToFillRatio", ({ cancels, fills, name }, limit) => {
      const value = cancels / Math.max(1, fills);
      if (cancels < minCancelsForRatio || value <= limit) return undefined;
      return { code: "CANCEL_TO_FILL", facts: { scope: name, value: rounded(value, 3), limit } };
    });
  },
};
