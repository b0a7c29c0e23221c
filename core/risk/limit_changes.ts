/**
 * Which way a change of limits goes. Tightening is free to whoever has the console; loosening is an operator's command
 * of its own. A NaN is the tightest limit of all: it refuses everything.
 */
import { scopeLimitNames, type ScopeLimits } from "../model/risk_limits.ts";

type Limit = number | null;

/** Whether one limit lets nothing pass that the other refuses. */
export function isAtMost(one: Limit, other: Limit): boolean {
  if (other === null || Number.isNaN(one)) return true;
  return one !== null && !Number.isNaN(other) && one <= other;
}

export const tighterOf = (one: Limit, other: Limit): Limit => (isAtMost(one, other) ? one : other);

/** Names of those limits that the change would loosen. */
export const loosened = (now: ScopeLimits, change: Partial<ScopeLimits>): readonly (keyof ScopeLimits)[] =>
  scopeLimitNames.filter((name) => {
    const after = change[name];
    return after !== undefined && !isAtMost(after, now[name]);
  });

/** Each limit at its tighter value. */
export const tightest = (limits: ScopeLimits, change: Partial<ScopeLimits>): ScopeLimits => ({
  ...limits,
  ...Object.fromEntries(
    scopeLimitNames.flatMap((name) => {
      const other = change[name];
      return other === undefined ? [] : [[name, tighterOf(other, limits[name])] as const];
    }),
  ),
});
