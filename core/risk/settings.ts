/** Limits that hold unless the configuration says otherwise: small enough that a first day can't hurt much. */
import { defaultLegGroupLimits } from "../model/leg_group.ts";
import type { RiskSettings, ScopeLimits } from "../model/risk_limits.ts";

export const defaultRiskSettings: RiskSettings = {
  global: {
    maxOrderNotionalUsd: 20_000,
    maxPositionNotionalUsd: 50_000,
    maxNetExposureUsd: 50_000,
    maxGrossExposureUsd: 200_000,
    maxLeverage: 5,
    maxOpenPositions: 100,
    maxOpenOrders: 200,
    maxOrdersPerSecond: 50,
    maxCancelToFillRatio: null,
    maxDailyLossUsd: 2_000,
    maxDrawdownUsd: 3_000,
    maxConsecutiveLosses: null,
  },
  account: {
    maxOrderNotionalUsd: 20_000,
    maxPositionNotionalUsd: 50_000,
    maxNetExposureUsd: 100_000,
    maxGrossExposureUsd: 100_000,
    maxLeverage: 5,
    maxOpenPositions: 50,
    maxOpenOrders: 100,
    maxOrdersPerSecond: 20,
    maxCancelToFillRatio: 200,
    maxDailyLossUsd: 1_500,
    maxDrawdownUsd: 2_000,
    maxConsecutiveLosses: null,
  },
  accounts: {},
  plugin: {
    maxOrderNotionalUsd: 10_000,
    maxPositionNotionalUsd: 25_000,
    maxNetExposureUsd: 25_000,
    maxGrossExposureUsd: 100_000,
    maxLeverage: null,
    maxOpenPositions: 20,
    maxOpenOrders: 50,
    maxOrdersPerSecond: 20,
    maxCancelToFillRatio: 200,
    maxDailyLossUsd: 1_000,
    maxDrawdownUsd: 1_500,
    maxConsecutiveLosses: 20,
  },
  market: {
    collarMarkBps: 200,
    collarQuoteBps: 100,
    reduceOnlyCollarBps: 300,
    reduceOnlyFallbackBps: 1_000,
    maxQuoteAgeMs: 2_000,
    maxMarkAgeMs: 15_000,
    maxValuationAgeMs: 60_000,
    maxClockSkewMs: 2_000,
    minMarginBuffer: 0.1,
    marginLeverage: 5,
    minCancelsForRatio: 100,
  },
  maxOrderSizeBase: {},
  legGroups: defaultLegGroupLimits,
  usdAssets: ["USD", "USDC", "USDT"],
  breachState: "reducing",
  haltAtBreachFactor: 1.5,
};

const smaller = (one: number | null, other: number | undefined): number | null =>
  other === undefined ? one : one === null || other < one ? other : one;

/** A plugin's limits: the ceiling for plugins, or its granted budget where that is lower. NaN in a budget refuses. */
export function pluginLimits(
  ceiling: ScopeLimits,
  budget: Pick<
    { [K in keyof ScopeLimits]?: number },
    "maxOrderNotionalUsd" | "maxPositionNotionalUsd" | "maxOrdersPerSecond" | "maxDailyLossUsd"
  >,
): ScopeLimits {
  const lower = (key: keyof typeof budget): number | null =>
    Number.isNaN(budget[key]) ? NaN : smaller(ceiling[key], budget[key]);
  return {
    ...ceiling,
    maxOrderNotionalUsd: lower("maxOrderNotionalUsd"),
    maxPositionNotionalUsd: lower("maxPositionNotionalUsd"),
    maxOrdersPerSecond: lower("maxOrdersPerSecond"),
    maxDailyLossUsd: lower("maxDailyLossUsd"),
  };
}
