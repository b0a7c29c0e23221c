/** An account that can be looked at and not traded: every question has its answer, every command the same no. */
import type { Trading } from "@berth/sdk";
import type { AccountQueries } from "./account_queries.ts";
import { localRefusal } from "./command_channel.ts";

const refusal = localRefusal(
  "permission",
  "the token only reads: trading needs the account's key or a subkey",
);
const refused = () => Promise.resolve(refusal);

export function readOnlyTrading(queries: AccountQueries): Trading {
  return {
    submit: refused,
    cancel: refused,
    cancelAll: refused,
    queryOrder: (order, signal) => queries.queryOrder(order, signal),
    openOrders: (signal) => queries.openOrders(signal),
    fills: (sinceMs, signal) => queries.fills(sinceMs, signal),
    positions: (signal) => queries.positions(signal),
    balances: (signal) => queries.balances(signal),
    fundingPayments: (sinceMs, signal) => queries.fundingPayments(sinceMs, signal),
  };
}
