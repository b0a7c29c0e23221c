/** Gross exposure over equity, of the account and over all accounts. */
import { firstOverScopes, rounded, type ValueLimit } from "./limit.ts";

export const leverage: ValueLimit = {
  name: "leverage",
  holdsForReducing: false,
  check({ exposures, facts: { scopes } }) {
    return firstOverScopes(scopes, "maxLeverage", ({ name }, limit, index) => {
      const exposure = exposures[index];
      if (exposure?.equityUsd === undefined) return undefined; // a plugin has no equity of its own
      if (!(exposure.equityUsd > 0)) return { code: "EQUITY_UNKNOWN", facts: { scope: name } };
      const value = exposure.grossUsd / exposure.equityUsd;
      return value <= limit
        ? undefined
        : { code: "LEVERAGE", facts: { scope: name, value: rounded(value, 3), limit } };
    });
  },
};
