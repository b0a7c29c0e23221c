/** When an open pair is worth closing: pure, over its average entries and the quotes of now. */
import type { GroupLegView, GroupView, Instrument, Quote } from "@berth/sdk";
import { grossEdgeBps } from "./net_edge.ts";
import type { ArbitrageSettings } from "./settings.ts";

export type ExitSettings = Pick<ArbitrageSettings, "closeSpreadBps" | "takeProfitBps" | "maxExitQuoteAgeMs">;

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
}

/**
 * Why to close now, or undefined to hold.
 *
 * Bought at 100, sold at 100.2: 19.98 bps. Selling at 100.1 and buying back at 100.1 costs nothing more: with fees of
 * 4 × 2 bps 11.98 are left.
 */
export function exitReason(
  pair: PairLegs,
  market: { readonly long: LegMarket; readonly short: LegMarket },
  settings: ExitSettings,
): "take_profit" | "converged" | undefined {
  const { long, short } = market;
  const [boughtAt, soldAt] = [pair.long.averageOpenPrice, pair.short.averageOpenPrice];
  if (
    long.quote === undefined || short.quote === undefined || boughtAt === undefined || soldAt === undefined
  ) {
    return undefined;
  }
  if (!(Math.max(long.ageMs, short.ageMs) <= settings.maxExitQuoteAgeMs)) return undefined;
  const exitCostBps = -grossEdgeBps(short.quote.askPrice, long.quote.bidPrice);
  const feesBps = 2 * ((long.instrument?.takerFeeBps ?? NaN) + (short.instrument?.takerFeeBps ?? NaN));
  const resultBps = grossEdgeBps(boughtAt, soldAt) - exitCostBps - feesBps;
  if (resultBps >= settings.takeProfitBps) return "take_profit";
  return exitCostBps <= settings.closeSpreadBps ? "converged" : undefined;
}

/** How a pair ended, in the quote currency, from its fills. */
export function pairResult(pair: PairLegs): { readonly pnlBeforeFees: number; readonly fees: number } {
  const value = (leg: GroupLegView): number =>
    leg.closedBase * (leg.averageClosePrice ?? 0) - leg.openedBase * (leg.averageOpenPrice ?? 0);
  return { pnlBeforeFees: value(pair.long) - value(pair.short), fees: pair.long.fees + pair.short.fees };
}
