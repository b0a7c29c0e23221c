/** Which way a change of the market limits goes; see limit_changes.ts for those of scopes. */
import { marketLimitNames, type MarketLimits } from "../model/risk_limits.ts";

/**
 * Which value lets less pass. How far a closing order's price may go has no tight end: less of it can leave a position
 * that can't be closed, so that any change of it is a person's to answer for.
 */
const tighter = {
  collarMarkBps: "smaller",
  collarQuoteBps: "smaller",
  reduceOnlyCollarBps: "neither",
  reduceOnlyFallbackBps: "neither",
  maxQuoteAgeMs: "smaller",
  maxMarkAgeMs: "smaller",
  maxValuationAgeMs: "smaller",
  maxClockSkewMs: "smaller",
  minMarginBuffer: "larger",
  marginLeverage: "smaller",
  minCancelsForRatio: "smaller",
} as const satisfies Readonly<Record<keyof MarketLimits, "smaller" | "larger" | "neither">>;

function isAtLeastAsTight(name: keyof MarketLimits, after: number, before: number): boolean {
  switch (tighter[name]) {
    case "smaller":
      return after <= before;
    case "larger":
      return after >= before;
    default:
      return after === before;
  }
}

/** Names of those limits that the change would loosen. */
export const loosenedMarket = (
  now: MarketLimits,
  change: Partial<MarketLimits>,
): readonly (keyof MarketLimits)[] =>
  marketLimitNames.filter((name) => {
    const after = change[name];
    return after !== undefined && !isAtLeastAsTight(name, after, now[name]);
  });

/** Each limit at its tighter value; those with no tight end as they are in `limits`. */
export const tightestMarket = (limits: MarketLimits, change: Partial<MarketLimits>): MarketLimits => ({
  ...limits,
  ...Object.fromEntries(
    marketLimitNames.flatMap((name) => {
      const after = change[name];
      return after !== undefined && isAtLeastAsTight(name, after, limits[name])
        ? [[name, after] as const]
        : [];
    }),
  ),
});
