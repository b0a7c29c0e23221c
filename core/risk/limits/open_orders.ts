/** Orders that are working, in flight or unknown, this one included. */
import { type EntryLimit, firstOverScopes } from "./limit.ts";

export const openOrders: EntryLimit = {
  name: "open_orders",
  holdsForReducing: false,
  check({ scopes }) {
    return firstOverScopes(scopes, "maxOpenOrders", ({ openOrders, name }, limit) => {
      const value = openOrders + 1;
      return value <= limit ? undefined : { code: "OPEN_ORDERS", facts: { scope: name, value, limit } };
    });
  },
};
