/**
 * Risk limits as data: what the configuration holds, the operator changes and the journal keeps. Money is in USD; the
 * assets that count as USD one to one are named in {@link RiskSettings.usdAssets}.
 */
import type { PluginId, VenueId } from "./ids.ts";
import type { LegGroupLimits } from "./leg_group.ts";

/** Each is looked at for plugins, accounts and the whole host, but for leverage: a plugin has no equity of its own. */
export const scopeLimitNames = [
  "maxOrderNotionalUsd",
  "maxPositionNotionalUsd",
  "maxNetExposureUsd",
  "maxGrossExposureUsd",
  "maxLeverage",
  "maxOpenPositions",
  "maxOpenOrders",
  "maxOrdersPerSecond",
  "maxCancelToFillRatio",
  "maxDailyLossUsd",
  "maxDrawdownUsd",
  "maxConsecutiveLosses",
] as const satisfies readonly (keyof ScopeLimits)[];

/** `null` is no limit at that scope. NaN refuses everything. */
export interface ScopeLimits {
  /** Value of one order at the worst price it can fill at. */
  readonly maxOrderNotionalUsd: number | null;
  /** Absolute value of one instrument's position once every open, in-flight and unknown order of one side fills. */
  readonly maxPositionNotionalUsd: number | null;
  /** Sum over symbols of |long − short over all venues|, worst case as above. */
  readonly maxNetExposureUsd: number | null;
  /** Sum over instruments of |position|, worst case as above. */
  readonly maxGrossExposureUsd: number | null;
  /** Gross exposure over equity. Looked at for accounts and globally; a plugin has no equity of its own. */
  readonly maxLeverage: number | null;
  /** Instruments that are held or would be, worst case as above. */
  readonly maxOpenPositions: number | null;
  readonly maxOpenOrders: number | null;
  /** New orders within any one second. */
  readonly maxOrdersPerSecond: number | null;
  /** Cancelled orders per filled order over the day, once {@link MarketLimits.minCancelsForRatio} are cancelled. */
  readonly maxCancelToFillRatio: number | null;
  /** Realized and unrealized, fees and funding included, since midnight UTC. */
  readonly maxDailyLossUsd: number | null;
  /** Fall of the profit and loss from its highest. */
  readonly maxDrawdownUsd: number | null;
  /** Round trips (flat to flat) that lost, in a row. */
  readonly maxConsecutiveLosses: number | null;
}

/** Limits on prices, data and accounts; the same for everybody. */
export interface MarketLimits {
  /** How far a price may cross beyond the mark price, and beyond the opposite best price. */
  readonly collarMarkBps: number;
  readonly collarQuoteBps: number;
  /** The same for reduce-only orders: these are not refused but moved to the bound. */
  readonly reduceOnlyCollarBps: number;
  /** Bound of a reduce-only order that has only an old price or its entry price to go by. */
  readonly reduceOnlyFallbackBps: number;
  readonly maxQuoteAgeMs: number;
  readonly maxMarkAgeMs: number;
  /** A position or open order is valued at a price at most this old; beyond it, nothing that adds risk is let through. */
  readonly maxValuationAgeMs: number;
  /** |smallest receive time − venue time over the last minute|: a clock that is off, ours or theirs, or a slow line. */
  readonly maxClockSkewMs: number;
  /** Free margin that must remain, as a fraction of the account's total: 0.1 keeps a tenth. */
  readonly minMarginBuffer: number;
  /** Leverage at which the initial margin of an order is reckoned, unless the instrument allows less. */
  readonly marginLeverage: number;
  /** Below this many cancels a day the cancel-to-fill ratio is not looked at. */
  readonly minCancelsForRatio: number;
}

/** Least and largest value of each. */
export const marketLimitRanges = {
  collarMarkBps: [0, 10_000],
  collarQuoteBps: [0, 10_000],
  reduceOnlyCollarBps: [0, 10_000],
  reduceOnlyFallbackBps: [0, 10_000],
  maxQuoteAgeMs: [1, 600_000],
  maxMarkAgeMs: [1, 600_000],
  maxValuationAgeMs: [1, 3_600_000],
  maxClockSkewMs: [1, 60_000],
  minMarginBuffer: [0, 1],
  marginLeverage: [1, 100],
  minCancelsForRatio: [0, 1_000_000],
} as const satisfies Readonly<Record<keyof MarketLimits, readonly [number, number]>>;

export const isMarketLimitName = (name: string): name is keyof MarketLimits =>
  Object.hasOwn(marketLimitRanges, name);
export const marketLimitNames: readonly (keyof MarketLimits)[] = Object.keys(marketLimitRanges)
  .filter(isMarketLimitName);

export interface RiskSettings {
  readonly global: ScopeLimits;
  /** For each venue account. */
  readonly account: ScopeLimits;
  /** Differences for single venues. */
  readonly accounts: Readonly<Record<string, Partial<ScopeLimits>>>;
  /** Ceiling for each plugin; its granted budget can only be lower. */
  readonly plugin: ScopeLimits;
  readonly market: MarketLimits;
  /** Largest order by symbol, in base units, on every venue; symbols it does not name have the venue's own limit alone. */
  readonly maxOrderSizeBase: Readonly<Record<string, number>>;
  /** Settlement assets that count as one USD. Others can't be traded: their limits could not be reckoned. */
  readonly usdAssets: readonly string[];
  /** The host's own bounds on trades of two legs. */
  readonly legGroups: LegGroupLimits;
  /** State that a breach moves its scope to. */
  readonly breachState: "reducing" | "halted";
  /** While reducing for a loss limit, a loss this many times the limit halts; null never. See core/risk/breach_rules.ts. */
  readonly haltAtBreachFactor: number | null;
}

/** Whose limits, whose state. */
export type RiskScope =
  | { readonly kind: "global" }
  | { readonly kind: "account"; readonly venue: VenueId }
  | { readonly kind: "plugin"; readonly plugin: PluginId };

/** `reducing`: only orders that shrink a position, and cancels. `halted`: cancels only. */
export const tradingStates = ["active", "reducing", "halted"] as const;
export type TradingState = (typeof tradingStates)[number];

/** `global`, `account/paradex`, `plugin/paradex_scalper`. */
export function scopeName(scope: RiskScope): string {
  switch (scope.kind) {
    case "global":
      return "global";
    case "account":
      return `account/${scope.venue}`;
    case "plugin":
      return `plugin/${scope.plugin}`;
    default:
      return scope satisfies never;
  }
}
