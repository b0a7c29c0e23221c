/** Free margin that must remain after the order's initial margin is taken: a fraction of the account's total. */
import { moneyToNumber } from "../../model/money.ts";
import { rounded, type ValueLimit } from "./limit.ts";

export const marginBuffer: ValueLimit = {
  name: "margin_buffer",
  holdsForReducing: false,
  check({ notional, facts: { account, marketLimits, instrument } }) {
    const leverage = Math.min(marketLimits.marginLeverage, instrument.maxLeverage);
    const freeUsd = account.availableUsd - moneyToNumber(notional) / leverage;
    const neededUsd = account.totalUsd * marketLimits.minMarginBuffer;
    if (freeUsd >= neededUsd) return undefined;
    if (Number.isNaN(freeUsd) || Number.isNaN(neededUsd)) {
      return { code: "EQUITY_UNKNOWN", facts: { scope: `account/${instrument.venue}` } };
    }
    const facts = { venue: instrument.venue, freeUsd: rounded(freeUsd, 2), neededUsd: rounded(neededUsd, 2) };
    return { code: "MARGIN_BUFFER", facts };
  },
};
