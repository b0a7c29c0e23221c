/** A venue pays funding on the account's position; this shares it out among the plugins that hold it. */
import { type Money, money } from "../model/money.ts";

export interface FundingShare<Owner> {
  readonly owner: Owner;
  readonly amount: Money;
}

/**
 * Splits a payment in proportion to signed positions, exactly: each share is truncated towards zero, and what is left
 * over by truncation, by foreign holdings, or because the positions add up to nothing, stays unassigned.
 * Paid 9 on long 3 + long 2 + short 2 (net 3): shares 9, 6 and -6.
 *
 * @param netLots the account's position, foreign holdings included
 */
export function splitFunding<Owner>(
  amount: Money,
  netLots: number,
  holders: readonly { readonly owner: Owner; readonly positionLots: number }[],
): { readonly shares: readonly FundingShare<Owner>[]; readonly unassigned: Money } {
  if (netLots === 0) return { shares: [], unassigned: amount };
  const shares = holders
    .filter(({ positionLots }) => positionLots !== 0)
    .map(({ owner, positionLots }) => ({
      owner,
      amount: money((amount * BigInt(positionLots)) / BigInt(netLots)),
    }));
  const assigned = shares.reduce((sum, share) => sum + share.amount, 0n);
  return { shares, unassigned: money(amount - assigned) };
}
