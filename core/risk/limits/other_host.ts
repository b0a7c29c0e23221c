/** Nothing new on an account that another berth trades on, until an operator has decided which of the two it belongs to. */
import type { EntryLimit } from "./limit.ts";

export const otherHost: EntryLimit = {
  name: "other_host",
  holdsForReducing: false,
  check({ account: { otherHost: sign }, instrument: { venue } }) {
    if (sign === undefined) return undefined;
    const { tag, kind, ageMs } = sign;
    return { code: "ACCOUNT_OTHER_HOST", facts: { venue, host: tag, sign: kind, ageMs } };
  },
};
