/** What a recording comes to. Ratios are of daily returns, annualized by the square root of 365: these markets never close. */
import type { EquityPoint, Recording, RoundTrip } from "./recorder.ts";

export interface DayRow {
  /** `2022-01-31`, UTC. */
  readonly day: string;
  readonly equityUsd: number;
  readonly returnPercent: number;
  readonly trips: number;
  readonly netPnlUsd: number;
}

export interface BacktestStatistics {
  readonly startEquityUsd: number;
  readonly endEquityUsd: number;
  readonly returnPercent: number;
  /** Largest fall from a peak, and its share of that peak. */
  readonly maxDrawdownUsd: number;
  readonly maxDrawdownPercent: number;
  /** Undefined with fewer than two days, or when no day differs from another. */
  readonly sharpe: number | undefined;
  readonly sortino: number | undefined;
  readonly trips: number;
  readonly winRatePercent: number | undefined;
  readonly averageWinUsd: number | undefined;
  readonly averageLossUsd: number | undefined;
  readonly profitFactor: number | undefined;
  readonly averageHoldMs: number | undefined;
  readonly days: readonly DayRow[];
}

const dayMs = 86_400_000;
const dayOf = (tsMs: number): string => new Date(tsMs).toISOString().slice(0, 10);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : sum(values) / values.length;

export function statisticsOf(recording: Recording): BacktestStatistics {
  const { equity, depositUsd, trips } = recording;
  const endEquityUsd = equity.at(-1)?.equityUsd ?? depositUsd;
  const wins = trips.filter((trip) => trip.netPnlUsd > 0).map((trip) => trip.netPnlUsd);
  const losses = trips.filter((trip) => trip.netPnlUsd < 0).map((trip) => trip.netPnlUsd);
  const days = daysOf(equity, depositUsd, trips);
  const returns = days.map((day) => day.returnPercent / 100);
  return {
    startEquityUsd: depositUsd,
    endEquityUsd,
    returnPercent: (endEquityUsd / depositUsd - 1) * 100,
    ...drawdownOf(equity, depositUsd),
    sharpe: ratio(returns, returns),
    sortino: ratio(returns, returns.map((value) => Math.min(0, value)), 0),
    trips: trips.length,
    winRatePercent: trips.length === 0 ? undefined : (100 * wins.length) / trips.length,
    averageWinUsd: mean(wins),
    averageLossUsd: mean(losses),
    profitFactor: losses.length === 0 ? undefined : sum(wins) / -sum(losses),
    averageHoldMs: mean(trips.map((trip) => trip.closedMs - trip.openedMs)),
    days,
  };
}

/** Falls from the highest equity so far, the deposit included. */
export function drawdownOf(
  equity: readonly EquityPoint[],
  depositUsd: number,
): { readonly maxDrawdownUsd: number; readonly maxDrawdownPercent: number } {
  let peak = depositUsd;
  let maxDrawdownUsd = 0;
  let maxDrawdownPercent = 0;
  for (const { equityUsd } of equity) {
    peak = Math.max(peak, equityUsd);
    maxDrawdownUsd = Math.max(maxDrawdownUsd, peak - equityUsd);
    if (peak > 0) maxDrawdownPercent = Math.max(maxDrawdownPercent, (100 * (peak - equityUsd)) / peak);
  }
  return { maxDrawdownUsd, maxDrawdownPercent };
}

/**
 * Mean ÷ deviation × √365. The deviation is the sample's about `about` (its mean for Sharpe, 0 for Sortino's downside).
 */
function ratio(returns: readonly number[], spread: readonly number[], about?: number): number | undefined {
  const average = mean(returns);
  if (average === undefined || returns.length < 2) return undefined;
  const centre = about ?? average;
  const divisor = about === undefined ? spread.length - 1 : spread.length;
  const deviation = Math.sqrt(sum(spread.map((value) => (value - centre) ** 2)) / divisor);
  return deviation > 0 ? (average / deviation) * Math.sqrt(365) : undefined;
}

/** One row a day of the range: equity at its end, what was closed on it. */
function daysOf(
  equity: readonly EquityPoint[],
  depositUsd: number,
  trips: readonly RoundTrip[],
): readonly DayRow[] {
  const first = equity[0];
  const last = equity.at(-1);
  if (first === undefined || last === undefined) return [];
  const rows: DayRow[] = [];
  let place = 0;
  let before = depositUsd;
  for (let from = Math.floor(first.tsMs / dayMs) * dayMs; from <= last.tsMs; from += dayMs) {
    let equityUsd = before;
    while ((equity[place]?.tsMs ?? Infinity) < from + dayMs) {
      equityUsd = equity[place++]?.equityUsd ?? equityUsd;
    }
    const closed = trips.filter((trip) => trip.closedMs >= from && trip.closedMs < from + dayMs);
    rows.push({
      day: dayOf(from),
      equityUsd,
      returnPercent: before > 0 ? (equityUsd / before - 1) * 100 : 0,
      trips: closed.length,
      netPnlUsd: sum(closed.map((trip) => trip.netPnlUsd)),
    });
    before = equityUsd;
  }
  return rows;
}
