/** What leverage, targets, stops and fees come to in money and basis points. */

export interface TradeTerms {
  readonly leverage: number;
  readonly takeProfitRoePercent: number;
  /** Negative. */
  readonly stopLossRoePercent: number;
  /** Of entry and exit, each on its own notional. */
  readonly entryFeeBps: number;
  readonly exitFeeBps: number;
  /** Expected cost of crossing the spread once, both ways together. */
  readonly spreadBps: number;
}

/**
 * Return on equity of a position in percent: PnL after fees ÷ margin × 100, with margin = entry notional ÷ leverage.
 *
 * @param feesPaid in the quote asset, positive
 */
export function roePercent(
  position: {
    readonly side: "buy" | "sell";
    readonly sizeBase: number;
    readonly entryPrice: number;
    readonly leverage: number;
  },
  price: number,
  feesPaid: number,
): number {
  const { side, sizeBase, entryPrice, leverage } = position;
  const move = side === "buy" ? price - entryPrice : entryPrice - price;
  const margin = (sizeBase * entryPrice) / leverage;
  return ((move * sizeBase - feesPaid) / margin) * 100;
}

/** The price move, in bps of the entry price, that gives this ROE before fees. −0.5 % at leverage 10 is −5 bps. */
export const roeToMoveBps = (roe: number, leverage: number): number => (roe / leverage) * 100;

export interface Preflight {
  /** Favourable price move from entry to target, before fees, in bps. */
  readonly targetMoveBps: number;
  /** Adverse move from entry to stop, as a positive number. */
  readonly stopMoveBps: number;
  /** Fees of both sides and the spread. */
  readonly roundTripCostBps: number;
  /** What a trade that hits its target earns and one that hits its stop loses, after costs. */
  readonly targetNetBps: number;
  readonly stopNetBps: number;
  readonly targetNetUsd: number;
  readonly stopNetUsd: number;
  /** Share of winners at which target and stop break even after costs; undefined when no share does. */
  readonly breakEvenWinRate: number | undefined;
  readonly warnings: readonly string[];
}

const bps = (value: number): string => `${value.toFixed(2)} bps`;

/** What the settings mean for one trade of this notional, and where they can't earn. */
export function preflight(terms: TradeTerms, notionalUsd: number): Preflight {
  const targetMoveBps = roeToMoveBps(terms.takeProfitRoePercent, terms.leverage);
  const stopMoveBps = -roeToMoveBps(terms.stopLossRoePercent, terms.leverage);
  const roundTripCostBps = terms.entryFeeBps + terms.exitFeeBps + terms.spreadBps;
  const targetNetBps = targetMoveBps - roundTripCostBps;
  const stopNetBps = -stopMoveBps - roundTripCostBps;
  const warnings: string[] = [];
  if (stopMoveBps <= roundTripCostBps) {
    warnings.push(
      `The stop is ${bps(stopMoveBps)} away, inside the round trip's cost of ${
        bps(roundTripCostBps)
      }: noise will hit it, and each hit loses more in costs than by the move.`,
    );
  }
  if (targetMoveBps <= roundTripCostBps) {
    warnings.push(
      `The target is ${bps(targetMoveBps)} away, inside the round trip's cost of ${
        bps(roundTripCostBps)
      }: a winner loses money.`,
    );
  }
  const isWinnable = targetNetBps > 0 && stopNetBps < 0;
  return {
    targetMoveBps,
    stopMoveBps,
    roundTripCostBps,
    targetNetBps,
    stopNetBps,
    targetNetUsd: (targetNetBps / 10_000) * notionalUsd,
    stopNetUsd: (stopNetBps / 10_000) * notionalUsd,
    breakEvenWinRate: isWinnable ? -stopNetBps / (targetNetBps - stopNetBps) : undefined,
    warnings,
  };
}

/** Share of equity that one position takes, in the quote asset; 0 for what is no positive number. */
export function positionNotional(equityUsd: number, percentOfEquity: number): number {
  const notional = (equityUsd * percentOfEquity) / 100;
  return notional > 0 && Number.isFinite(notional) ? notional : 0;
}
