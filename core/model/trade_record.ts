/**
 * The record of closed trades and what it says. A trade goes from flat to flat on one instrument. Money in USD, floats: for
 * display and decisions about days, not for books.
 */

export interface ClosedTrade {
  readonly instrument: string;
  readonly side: "buy" | "sell";
  /** After fees. */
  readonly netPnlUsd: number;
  readonly feesUsd: number;
  readonly openedMs: number;
  readonly closedMs: number;
}

export interface TradeStatistics {
  readonly trades: number;
  readonly wins: number;
  readonly losses: number;
  /** 0 to 100; undefined before the first trade. */
  readonly winRatePercent: number | undefined;
  readonly totalNetUsd: number;
  readonly dayNetUsd: number;
  readonly feesUsd: number;
  readonly averageWinUsd: number | undefined;
  readonly averageLossUsd: number | undefined;
  /** Sum of wins ÷ sum of losses; undefined without a loss. */
  readonly profitFactor: number | undefined;
  readonly averageHoldMs: number | undefined;
  readonly longestHoldMs: number;
  readonly consecutiveLosses: number;
}

/** What survives a reload or restart; plain JSON. */
export interface TradeSums {
  readonly trades: number;
  readonly wins: number;
  readonly winsUsd: number;
  readonly lossesUsd: number;
  readonly feesUsd: number;
  readonly holdMs: number;
  readonly longestHoldMs: number;
  readonly day: number;
  readonly dayNetUsd: number;
  readonly consecutiveLosses: number;
  readonly losses: number;
}

const dayMs = 86_400_000;
const nothing: TradeSums = {
  trades: 0,
  wins: 0,
  losses: 0,
  winsUsd: 0,
  lossesUsd: 0,
  feesUsd: 0,
  holdMs: 0,
  longestHoldMs: 0,
  day: 0,
  dayNetUsd: 0,
  consecutiveLosses: 0,
};

/** Adds closed trades up; a day begins at 00:00 UTC. A trade that nets zero is neither won nor lost. */
export class TradeRecord {
  #sums: TradeSums;

  constructor(saved: unknown = undefined) {
    this.#sums = isTradeSums(saved) ? saved : nothing;
  }

  add(trade: ClosedTrade): void {
    const sums = this.#onDay(trade.closedMs);
    const { netPnlUsd: net } = trade;
    const holdMs = Math.max(0, trade.closedMs - trade.openedMs);
    this.#sums = {
      ...sums,
      trades: sums.trades + 1,
      wins: sums.wins + (net > 0 ? 1 : 0),
      losses: sums.losses + (net < 0 ? 1 : 0),
      winsUsd: sums.winsUsd + Math.max(0, net),
      lossesUsd: sums.lossesUsd + Math.max(0, -net),
      feesUsd: sums.feesUsd + trade.feesUsd,
      holdMs: sums.holdMs + holdMs,
      longestHoldMs: Math.max(sums.longestHoldMs, holdMs),
      dayNetUsd: sums.dayNetUsd + net,
      consecutiveLosses: net < 0 ? sums.consecutiveLosses + 1 : net > 0 ? 0 : sums.consecutiveLosses,
    };
  }

  statistics(nowMs: number): TradeStatistics {
    const sums = this.#onDay(nowMs);
    const mean = (sum: number, count: number): number | undefined => count > 0 ? sum / count : undefined;
    return {
      trades: sums.trades,
      wins: sums.wins,
      losses: sums.losses,
      winRatePercent: mean(100 * sums.wins, sums.trades),
      totalNetUsd: sums.winsUsd - sums.lossesUsd,
      dayNetUsd: sums.dayNetUsd,
      feesUsd: sums.feesUsd,
      averageWinUsd: mean(sums.winsUsd, sums.wins),
      averageLossUsd: mean(-sums.lossesUsd, sums.losses),
      profitFactor: sums.lossesUsd > 0 ? sums.winsUsd / sums.lossesUsd : undefined,
      averageHoldMs: mean(sums.holdMs, sums.trades),
      longestHoldMs: sums.longestHoldMs,
      consecutiveLosses: sums.consecutiveLosses,
    };
  }

  save(): TradeSums {
    return this.#sums;
  }

  /** A new day begins with nothing won or lost. */
  #onDay(nowMs: number): TradeSums {
    const day = Math.floor(nowMs / dayMs);
    return day > this.#sums.day ? { ...this.#sums, day, dayNetUsd: 0 } : this.#sums;
  }
}

/** Whether something that was saved is what {@link TradeRecord.save} gave. */
export function isTradeSums(value: unknown): value is TradeSums {
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map(Object.entries(value));
  return Object.keys(nothing).every((name) => Number.isFinite(fields.get(name)));
}
