/** Realized and unrealized loss since midnight UTC, fees and funding included. A position without a price refuses. */
import { type EntryLimit, firstOverScopes, rounded } from "./limit.ts";

export const dailyLoss: EntryLimit = {
  name: "daily_loss",
  holdsForReducing: false,
  check({ scopes }) {
    return firstOverScopes(scopes, "maxDailyLossUsd", ({ dayPnlUsd, name }, limit) => {
      if (Number.isNaN(dayPnlUsd)) return { code: "PNL_UNKNOWN", facts: { scope: name } };
      const value = -dayPnlUsd;
      if (value < limit || (value <= 0 && limit >= 0)) return undefined;
      return { code: "DAILY_LOSS", facts: { scope: name, value: rounded(value, 2), limit } };
    });
  },
};
