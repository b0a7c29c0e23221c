/**
 * What a limit is: a pure rule over the facts of one order. Each is written so that NaN refuses:
 * `if (!(value <= limit)) return refusal`.
 */
import type { Money } from "../../model/money.ts";
import type { ScopeLimits } from "../../model/risk_limits.ts";
import type { ExposureFacts, OrderFacts, ScopeFacts } from "../order_facts.ts";
import type { Refusal } from "../../model/refusals.ts";

/** The order as it would be sent. */
export interface OrderCheck {
  readonly facts: OrderFacts;
  /** A true reduce-only order: it shrinks the plugin's and the account's position. Most limits let it pass. */
  readonly isReducing: boolean;
  /** Whole ticks at which the order's value is reckoned: never below what a fill could cost. */
  readonly valueTicks: number;
  /** Exact, at `valueTicks`. */
  readonly notional: Money;
  /** In the order of `facts.scopes`; empty for a reducing order. */
  readonly exposures: readonly ExposureFacts[];
}

/** A rule that needs no price, and so comes before the order is priced. */
export interface EntryLimit {
  readonly name: string;
  readonly holdsForReducing: boolean;
  readonly check: (facts: OrderFacts, isReducing: boolean) => Refusal | undefined;
}

export interface ValueLimit {
  readonly name: string;
  readonly holdsForReducing: boolean;
  readonly check: (check: OrderCheck) => Refusal | undefined;
}

/** First refusal of a rule over plugin, account and global; a scope whose limit is `null` has none. */
export function firstOverScopes(
  scopes: readonly ScopeFacts[],
  key: keyof ScopeLimits,
  check: (scope: ScopeFacts, limit: number, index: number) => Refusal | undefined,
): Refusal | undefined {
  for (const [index, scope] of scopes.entries()) {
    const limit = scope.limits[key];
    const refusal = limit === null ? undefined : check(scope, limit, index);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** For display in a refusal: a hundredth of a dollar, a thousandth of a ratio. NaN stays. */
export const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
