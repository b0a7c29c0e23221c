/** Fall of the profit and loss from its highest. */
import { type EntryLimit, firstOverScopes, rounded } from "./limit.ts";

export const drawdown: EntryLimit = {
  name: "drawdown",
  holdsForReducing: false,
  check({ scopes }) {
    return firstOverScopes(scopes, "maxDrawdownUsd", ({ drawdownUsd, name }, limit) => {
      if (Number.isNaN(drawdownUsd)) return { code: "PNL_UNKNOWN", facts: { scope: name } };
      if (drawdownUsd < limit || (drawdownUsd <= 0 && limit >= 0)) return undefined;
      return { code: "DRAWDOWN", facts: { scope: name, value: rounded(drawdownUsd, 2), limit } };
    });
  },
};
