/** What holds for orders that the host sends by itself, in a plugin's name. */

/** Refusals for reasons that pass: an order that takes risk away is tried again without counting as an attempt. */
export const passingRefusals: ReadonlySet<string> = new Set([
  "ACCOUNT_NOT_CONNECTED",
  "ACCOUNT_NOT_RECONCILED",
  "PRIVATE_STREAM_DOWN",
  "TRADING_HALTED",
  "TRADING_REDUCING",
  "RATE_BUDGET",
  "ORDER_RATE",
  "REDUCE_ONLY_WOULD_INCREASE",
  "INSTRUMENT_UNKNOWN",
]);
