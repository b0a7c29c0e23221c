/** Instruments that are held or would be once every open order of one side fills, this one's included. */
import { firstOverScopes, type ValueLimit } from "./limit.ts";

export const openPositions: ValueLimit = {
  name: "open_positions",
  holdsForReducing: false,
  check({ exposures, facts: { scopes } }) {
    return firstOverScopes(scopes, "maxOpenPositions", ({ name }, limit, index) => {
      const value = exposures[index]?.positions ?? NaN;
      return value <= limit ? undefined : { code: "OPEN_POSITIONS", facts: { scope: name, value, limit } };
    });
  },
};
