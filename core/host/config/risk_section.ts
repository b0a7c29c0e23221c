/** The section `risk` of the configuration: limits of the risk gate. */
import * as v from "valibot";
import type { LegGroupLimits } from "../../model/leg_group.ts";
import { marketLimitRanges, type MarketLimits } from "../../model/risk_limits.ts";
import { defaultRiskSettings } from "../../risk/settings.ts";
import { choice, describe, numberBetween, record, symbolName, text, venueName } from "./fields.ts";

const limit = (unit: string, words: string) =>
  v.exactOptional(v.pipe(
    v.nullable(v.pipe(
      v.number(`${unit}, 0 or more, or null for no limit`),
      v.minValue(0, `${unit}, 0 or more, or null for no limit`),
      v.maxValue(1e9, `${unit} of at most 1000000000`),
    )),
    describe(words),
  ));

const scopeLimitsSchema = v.strictObject({
  maxOrderNotionalUsd: limit("USD", "Value of one order at the worst price it can fill at."),
  maxPositionNotionalUsd: limit(
    "USD",
    "Value of one instrument's position once all open orders of a side fill.",
  ),
  maxNetExposureUsd: limit("USD", "Sum over symbols of |long − short over all venues|, worst case."),
  maxGrossExposureUsd: limit("USD", "Sum over instruments of |position|, worst case."),
  maxLeverage: limit("a number", "Gross exposure over equity."),
  maxOpenPositions: limit("a number", "Instruments held at the same time, open orders counted as filled."),
  maxOpenOrders: limit("a number", "Orders working at the same time."),
  maxOrdersPerSecond: limit("a number", "New orders within any one second."),
  maxCancelToFillRatio: limit("a number", "Cancelled orders per filled order over the day."),
  maxDailyLossUsd: limit(
    "USD",
    "Realized and unrealized loss since midnight UTC, fees and funding included.",
  ),
  maxDrawdownUsd: limit("USD", "Fall of the profit and loss from its highest."),
  maxConsecutiveLosses: limit("a number", "Round trips that lost, in a row."),
}, record("limits"));

const market = (name: keyof MarketLimits, words: string) => {
  const [least, largest] = marketLimitRanges[name];
  return v.exactOptional(
    v.pipe(numberBetween(least, largest), describe(`${words} Default ${defaultRiskSettings.market[name]}.`)),
  );
};

const marketLimitsSchema = v.strictObject({
  collarMarkBps: market("collarMarkBps", "How far a price may cross beyond the mark price, bps."),
  collarQuoteBps: market("collarQuoteBps", "The same beyond the opposite best price, bps."),
  reduceOnlyCollarBps: market(
    "reduceOnlyCollarBps",
    "The same for reduce-only orders, which are moved to the bound.",
  ),
  reduceOnlyFallbackBps: market(
    "reduceOnlyFallbackBps",
    "Bound of a reduce-only order that has only an old price to go by.",
  ),
  maxQuoteAgeMs: market("maxQuoteAgeMs", "No new risk on an older quote, ms."),
  maxMarkAgeMs: market("maxMarkAgeMs", "No new risk on an older mark price, ms."),
  maxValuationAgeMs: market("maxValuationAgeMs", "A position is valued at a price at most this old, ms."),
  maxClockSkewMs: market("maxClockSkewMs", "Smallest receive time − venue time that is let pass, ms."),
  minMarginBuffer: market("minMarginBuffer", "Free margin that must remain, share of the account."),
  marginLeverage: market("marginLeverage", "Leverage at which an order's initial margin is reckoned."),
  minCancelsForRatio: market(
    "minCancelsForRatio",
    "Below this many cancels a day the cancel-to-fill ratio is not looked at.",
  ),
}, record("market limits"));

const legGroup = (min: number, max: number, words: string, name: keyof LegGroupLimits) =>
  v.exactOptional(
    v.pipe(numberBetween(min, max), describe(`${words} Default ${defaultRiskSettings.legGroups[name]}.`)),
  );

const legGroupsSchema = v.strictObject({
  maxNakedNotionalUsd: legGroup(0, 1e9, "Value that one leg alone may have, USD.", "maxNakedNotionalUsd"),
  maxNakedMs: legGroup(100, 600_000, "After this long alone a leg is only taken back, ms.", "maxNakedMs"),
  maxAttempts: legGroup(1, 100, "Attempts without effect before the plugin is halted.", "maxAttempts"),
  maxTotalAttempts: legGroup(1, 1_000, "Attempts in all before the plugin is halted.", "maxTotalAttempts"),
  retryMs: legGroup(10, 60_000, "Pause after an attempt, doubled with each without effect, ms.", "retryMs"),
  maxGroups: legGroup(1, 1_000, "Groups of one plugin at a time.", "maxGroups"),
  maxSweepAgeMs: legGroup(
    100,
    3_600_000,
    "Before a group open orders must have been listed within this time, ms.",
    "maxSweepAgeMs",
  ),
  verifyWithinMs: legGroup(
    1_000,
    3_600_000,
    "After a group positions must have been read back within this time, ms.",
    "verifyWithinMs",
  ),
}, record("bounds"));

/** `risk`: limits of the gate. */
export const riskSchema = v.strictObject({
  global: v.optional(
    v.pipe(scopeLimitsSchema, describe("Over everything. Unnamed limits keep their defaults.")),
    {},
  ),
  account: v.optional(v.pipe(scopeLimitsSchema, describe("For each venue account.")), {}),
  accounts: v.optional(
    v.pipe(
      v.record(venueName, scopeLimitsSchema, record("limits by venue")),
      describe("Differences for single venues."),
    ),
    {},
  ),
  plugin: v.optional(
    v.pipe(scopeLimitsSchema, describe("Ceiling for each plugin; its granted budget can only be lower.")),
    {},
  ),
  market: v.optional(
    v.pipe(marketLimitsSchema, describe("Prices, data and margin; the same for everybody.")),
    {},
  ),
  maxOrderSizeBase: v.optional(
    v.pipe(
      v.record(symbolName, numberBetween(0, 1e12, "a size in base units"), record("sizes by symbol")),
      describe('Largest order by symbol, in base units, such as { "BTC-PERP": 0.5 }.'),
    ),
    {},
  ),
  legGroups: v.optional(
    v.pipe(legGroupsSchema, describe("The host's own bounds on trades of two legs (leg groups).")),
    {},
  ),
  usdAssets: v.optional(
    v.pipe(
      v.array(text("an asset such as USDC"), "a list of assets"),
      describe('Settlement assets that count as one USD. Default ["USD", "USDC", "USDT"].'),
    ),
    [...defaultRiskSettings.usdAssets],
  ),
  breachState: v.optional(
    v.pipe(
      choice(["reducing", "halted"]),
      describe('State that a breach moves its scope to. Default "reducing".'),
    ),
    defaultRiskSettings.breachState,
  ),
  haltAtBreachFactor: v.optional(
    v.pipe(
      v.nullable(numberBetween(1, 1_000)),
      describe(
        "A scope that is reducing is halted when today's loss or the drawdown reaches this many times the limit that moved it, or the other of the two its limit; null for never. Default 1.5.",
      ),
    ),
    defaultRiskSettings.haltAtBreachFactor,
  ),
}, record("risk limits"));
