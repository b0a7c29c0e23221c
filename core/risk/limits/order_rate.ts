/** New orders within the last second, this one included. */
import { type EntryLimit, firstOverScopes } from "./limit.ts";

export const orderRate: EntryLimit = {
  name: "order_rate",
  holdsForReducing: false,
  check({ scopes }) {
    return firstOverScopes(scopes, "maxOrdersPerSecond", ({ ordersLastSecond, name }, limit) => {
      const value = ordersLastSecond + 1;
      return value <= limit ? undefined : { code: "ORDER_RATE", facts: { scope: name, value, limit } };
    });
  },
};
