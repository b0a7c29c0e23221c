/** Round trips that lost, one after the other. */
import { type EntryLimit, firstOverScopes } from "./limit.ts";

export const consecutiveLosses: EntryLimit = {
  name: "consecutive_losses",
  holdsForReducing: false,
  check({ scopes }) {
    return firstOverScopes(
      scopes,
      "maxConsecutiveLosses",
      ({ consecutiveLosses: value, name }, limit) =>
        value < limit ? undefined : { code: "CONSECUTIVE_LOSSES", facts: { scope: name, value, limit } },
    );
  },
};
