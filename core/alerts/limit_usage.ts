/** How far the limits of a scope are used, where that is a figure that grows towards the limit. */
import type { ScopeLimits } from "../model/risk_limits.ts";
import type { ScopeObservation } from "./observation.ts";

export interface LimitUsage {
  readonly name: keyof ScopeLimits;
  readonly value: number;
  readonly limit: number;
}

/**
 * Limits on single orders, rates, leverage and ratios are left out: an order is within them or is refused.
 *
 * @returns limits above 0 with the figure that is held against them, losses as positive numbers; a figure that is not
 * known is left out
 */
export function limitUsages(scope: ScopeObservation): readonly LimitUsage[] {
  const { limits } = scope;
  const figures: readonly (readonly [keyof ScopeLimits, number])[] = [
    ["maxPositionNotionalUsd", scope.largestPositionUsd],
    ["maxGrossExposureUsd", scope.grossExposureUsd],
    ["maxNetExposureUsd", Math.abs(scope.netExposureUsd)],
    ["maxOpenOrders", scope.openOrders],
    ["maxDailyLossUsd", Math.max(0, -scope.todayUsd)],
    ["maxDrawdownUsd", scope.drawdownUsd],
    ["maxConsecutiveLosses", scope.consecutiveLosses],
  ];
  return figures.flatMap(([name, value]) => {
    const limit = limits[name];
    return limit === null || !(limit > 0) || Number.isNaN(value) ? [] : [{ name, value, limit }];
  });
}
