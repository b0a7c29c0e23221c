/** The venue's request allowance: a new order may not use what is kept for cancels and reduce-only orders. */
import { type EntryLimit, rounded } from "./limit.ts";

export const rateBudget: EntryLimit = {
  name: "rate_budget",
  holdsForReducing: false,
  check({ account: { requestTokens, reservedTokens }, instrument: { venue } }) {
    return requestTokens - 1 >= reservedTokens ? undefined : {
      code: "RATE_BUDGET",
      facts: { venue, tokens: rounded(requestTokens, 1), reserved: rounded(reservedTokens, 1) },
    };
  },
};
