/**
 * What a day came to, gathered observation by observation. Sums are of differences between observations, so that a
 * restart goes on from what the run before it left; what happened while no host ran is not in it.
 */
import { signedUsdText, usdText } from "../terminal/formats.ts";
import { durationText } from "./alert.ts";
import type { Observation, TotalsObservation } from "./observation.ts";

/** Kept in the journal between runs; USD. */
export interface DailyTotals {
  /** Since the epoch: of the last summary, or of the first start. */
  readonly sinceMs: number;
  readonly pnlUsd: number;
  readonly feesUsd: number;
  readonly fundingUsd: number;
  readonly volumeUsd: number;
  readonly fills: number;
  readonly refusals: number;
  /** Round trips, flat to flat of one plugin on one instrument, fees and funding included. */
  readonly wins: number;
  readonly losses: number;
  readonly worstDrawdownUsd: number;
}

export const emptyDay = (sinceMs: number): DailyTotals => ({
  sinceMs,
  pnlUsd: 0,
  feesUsd: 0,
  fundingUsd: 0,
  volumeUsd: 0,
  fills: 0,
  refusals: 0,
  wins: 0,
  losses: 0,
  worstDrawdownUsd: 0,
});

/** What differences are taken from; of this run alone. */
export interface DayCursor {
  readonly totals: TotalsObservation | undefined;
  /** By `plugin/instrument`: what a position had come to when it was flat last, and whether it is held now. */
  readonly positions: ReadonlyMap<string, { readonly netAtFlatUsd: number; readonly isHeld: boolean }>;
}

export const newCursor: DayCursor = { totals: undefined, positions: new Map() };

export interface DayStep {
  readonly day: DailyTotals;
  readonly cursor: DayCursor;
}

const known = (value: number): number => Number.isFinite(value) ? value : 0;

export function gatherDay(day: DailyTotals, cursor: DayCursor, observation: Observation): DayStep {
  const { totals, happenings } = observation;
  const before = cursor.totals ?? totals;
  const grown = (name: keyof TotalsObservation): number => known(totals[name] - before[name]);
  const positions = new Map(cursor.positions);
  let { volumeUsd, fills, wins, losses } = day;
  for (const happening of happenings) {
    if (happening.kind === "fill") {
      fills += 1;
      volumeUsd += known(happening.price * happening.sizeBase);
    }
    if (happening.kind === "position") {
      const key = `${happening.plugin}/${happening.instrument}`;
      const position = positions.get(key) ?? { netAtFlatUsd: 0, isHeld: false };
      if (!happening.isFlat) {
        positions.set(key, { ...position, isHeld: true });
        continue;
      }
      if (position.isHeld && happening.netUsd > position.netAtFlatUsd) wins += 1;
      else if (position.isHeld) losses += 1;
      positions.set(key, { netAtFlatUsd: happening.netUsd, isHeld: false });
    }
  }
  return {
    day: {
      sinceMs: day.sinceMs,
      pnlUsd: day.pnlUsd + grown("totalUsd"),
      feesUsd: day.feesUsd + grown("feesUsd"),
      fundingUsd: day.fundingUsd + grown("fundingUsd"),
      volumeUsd,
      fills,
      refusals: day.refusals + grown("refusals"),
      wins,
      losses,
      worstDrawdownUsd: Math.max(day.worstDrawdownUsd, known(totals.drawdownUsd)),
    },
    cursor: { totals, positions },
  };
}

const dayMs = 86_400_000;

/** Whether the minute of the day has passed since the last summary; late by whatever time no host ran. */
export function isSummaryDue(sinceMs: number, nowMs: number, minuteUtc: number): boolean {
  const today = Math.floor(nowMs / dayMs) * dayMs + minuteUtc * 60_000;
  const newest = today <= nowMs ? today : today - dayMs;
  return sinceMs < newest;
}

export function summaryText(day: DailyTotals, nowMs: number): string {
  const { pnlUsd, feesUsd, fundingUsd, volumeUsd, fills, refusals, wins, losses, worstDrawdownUsd } = day;
  const trips = wins + losses;
  const rate = trips === 0
    ? "no round trips"
    : `win rate ${((100 * wins) / trips).toFixed(1)} % (${wins} of ${trips})`;
  return [
    `summary of ${durationText(nowMs - day.sinceMs)} since ${
      new Date(day.sinceMs).toISOString().slice(0, 16)
    }Z`,
    `PnL ${signedUsdText(pnlUsd)} USD, fees ${usdText(feesUsd)} USD, funding ${usdText(fundingUsd)} USD`,
    `volume ${usdText(volumeUsd)} USD in ${fills} fills, ${rate}`,
    `${refusals} refusals, worst drawdown ${usdText(worstDrawdownUsd)} USD`,
  ].join("\n");
}
