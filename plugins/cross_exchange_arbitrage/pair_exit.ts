/** When an open pair is worth closing: pure, over its average entries and the quotes of now. */
import { type GroupLegView, type GroupView, type Instrument, type Quote, quotedSpreadBps } from "@berth/sdk";
import { type FundingTerms, nextPaymentMs, pairFundingBps } from "./funding.ts";
import { grossEdgeBps } from "./net_edge.ts";
import type { ArbitrageSettings } from "./settings.ts";
import type { Baseline } from "./spread_history.ts";

export type ExitSettings = Pick<
  ArbitrageSettings,
  | "closeSpreadBps"
  | "closeRelaxBpsPerHour"
  | "takeProfitBps"
  | "maxExitQuoteAgeMs"
  | "maxExitSpreadBps"
  | "maxFundingCostBps"
  | "fundingBlackoutMs"
  | "closeZ"
  | "minLiquidationDistanceBps"
>;

/** A pair's legs by what they hold: bought or sold. */
export interface PairLegs {
  readonly long: GroupLegView;
  readonly short: GroupLegView;
}

export function legsOf({ legs: [first, second] }: GroupView): PairLegs {
  return first.side === "buy" ? { long: first, short: second } : { long: second, short: first };
}

export interface LegMarket {
  readonly quote: Quote | undefined;
  readonly ageMs: number;
  readonly instrument: Instrument | undefined;
  readonly funding: FundingTerms;
  /** How far the price may go against the leg before it is liquidated; NaN where nobody knows. */
  readonly liquidationBps: number;
}

/** What is known of the pair besides its legs. */
export interface PairPast {
  readonly ageMs: number;
  /** Mean and deviation of the spread when it was opened; z-score mode only. */
  readonly baseline: Baseline | undefined;
}

const hourMs = 3_600_000;

/**
 * Why to close now, or undefined to hold.
 *
 * Bought at 100, sold at 100.2: 19.98 bps. Selling at 100.1 and buying back at 100.1 costs nothing more: with fees of
 * 4 × 2 bps 11.98 are left.
 *
 * What convergence may still cost grows with the pair's age. A venue that quotes wide makes every exit dear: only a
 * funding payment against the pair, and a leg that is near its liquidation, are reason enough then; age is the host's to
 * watch. Of a leg that is near its liquidation its own young quote tells, whatever the other venue does.
 */
export function exitReason(
  pair: PairLegs,
  market: { readonly long: LegMarket; readonly short: LegMarket },
  settings: ExitSettings,
  past: PairPast,
  nowMs: number,
): "take_profit" | "converged" | "usual_spread" | "funding" | "near_liquidation" | undefined {
  const { long, short } = market;
  const [boughtAt, soldAt] = [pair.long.averageOpenPrice, pair.short.averageOpenPrice];
  if (
    long.quote === undefined || short.quote === undefined || boughtAt === undefined || soldAt === undefined
  ) {
    return undefined;
  }
  if (isNearLiquidation(long, settings) || isNearLiquidation(short, settings)) return "near_liquidation";
  if (!(Math.max(long.ageMs, short.ageMs) <= settings.maxExitQuoteAgeMs)) return undefined;
  if (isFundingDear(long.funding, short.funding, settings, nowMs)) return "funding";
  const widestBps = Math.max(quotedSpreadBps(long.quote), quotedSpreadBps(short.quote));
  if (settings.maxExitSpreadBps > 0 && !(widestBps <= settings.maxExitSpreadBps)) return undefined;
  const exitCostBps = -grossEdgeBps(short.quote.askPrice, long.quote.bidPrice);
  const feesBps = 2 * ((long.instrument?.takerFeeBps ?? NaN) + (short.instrument?.takerFeeBps ?? NaN));
  const resultBps = grossEdgeBps(boughtAt, soldAt) - exitCostBps - feesBps;
  if (resultBps >= settings.takeProfitBps) return "take_profit";
  const { baseline } = past;
  if (baseline !== undefined) {
    const openingBps = grossEdgeBps(long.quote.askPrice, short.quote.bidPrice);
    const usualBps = baseline.meanBps + settings.closeZ * baseline.deviationBps;
    return openingBps <= usualBps ? "usual_spread" : undefined;
  }
  const allowedBps = settings.closeSpreadBps + settings.closeRelaxBpsPerHour * (past.ageMs / hourMs);
  return exitCostBps <= allowedBps ? "converged" : undefined;
}

const isNearLiquidation = (
  { ageMs, liquidationBps }: LegMarket,
  { maxExitQuoteAgeMs, minLiquidationDistanceBps }: ExitSettings,
): boolean =>
  minLiquidationDistanceBps > 0 && ageMs <= maxExitQuoteAgeMs && liquidationBps < minLiquidationDistanceBps;

/** A payment that falls due soon and costs the pair more than it may. */
function isFundingDear(
  long: FundingTerms,
  short: FundingTerms,
  settings: ExitSettings,
  nowMs: number,
): boolean {
  const dueMs = nextPaymentMs(long, short, nowMs);
  if (!(dueMs - nowMs <= settings.fundingBlackoutMs)) return false;
  const costBps = -pairFundingBps(long, short, nowMs, dueMs);
  return costBps > 0 && costBps >= settings.maxFundingCostBps;
}

/** How a pair ended, in the quote currency, from its fills. */
export function pairResult(pair: PairLegs): { readonly pnlBeforeFees: number; readonly fees: number } {
  const value = (leg: GroupLegView): number =>
    leg.closedBase * (leg.averageClosePrice ?? 0) - leg.openedBase * (leg.averageOpenPrice ?? 0);
  return { pnlBeforeFees: value(pair.long) - value(pair.short), fees: pair.long.fees + pair.short.fees };
}
