/** Value of one order at the worst price it can fill at, exact; and the venue's smallest order value. */
import { type Money, money, moneyToNumber } from "../../model/money.ts";
import { firstOverScopes, type ValueLimit } from "./limit.ts";

/** Whether money is above a limit in USD, read to its millionth. NaN is below everything. */
function exceeds(value: Money, limitUsd: number): boolean {
  if (limitUsd === Infinity) return false;
  if (!(limitUsd >= 0)) return true;
  return value > money(BigInt(Math.round(limitUsd * 1e6)) * 10n ** 12n);
}

export const orderNotional: ValueLimit = {
  name: "order_notional",
  holdsForReducing: false,
  check({ notional, facts: { scopes, instrument } }) {
    const refusal = firstOverScopes(
      scopes,
      "maxOrderNotionalUsd",
      ({ name }, limit) =>
        exceeds(notional, limit)
          ? { code: "ORDER_NOTIONAL", facts: { scope: name, value: moneyToNumber(notional), limit } }
          : undefined,
    );
    if (refusal !== undefined) return refusal;
    const { minNotional } = instrument;
    const isBelow = minNotional > 0 && !(moneyToNumber(notional) >= minNotional);
    return isBelow
      ? {
        code: "ORDER_BELOW_MIN_NOTIONAL",
        facts: { notionalUsd: moneyToNumber(notional), limitUsd: minNotional },
      }
      : undefined;
  },
};
