/** What funding will bring or cost a pair: each leg's own rate, interval and next payment. */

/** A venue's funding as it stated it last. */
export interface FundingTerms {
  /** Fraction per interval: 0.0001 is 1 bps. Undefined where nothing is known. */
  readonly rate: number | undefined;
  readonly intervalHours: number | undefined;
  readonly tsNextMs: number | undefined;
}

const hourMs = 3_600_000;

/** Payments that fall into the time from now to `untilMs`. */
export function paymentsUntil(
  { intervalHours, tsNextMs }: FundingTerms,
  nowMs: number,
  untilMs: number,
): number {
  if (tsNextMs === undefined || !(intervalHours !== undefined && intervalHours > 0)) return 0;
  const intervalMs = intervalHours * hourMs;
  // A next payment that lies in the past was not renewed: the one after it is counted.
  const behind = Math.max(0, Math.ceil((nowMs - tsNextMs) / intervalMs));
  const firstMs = tsNextMs + behind * intervalMs;
  return firstMs > untilMs ? 0 : Math.floor((untilMs - firstMs) / intervalMs) + 1;
}

/**
 * Funding of a pair over the time it will be held, in bps of one leg's value; positive is received. The long leg pays
 * a positive rate, the short leg receives it. What is not known counts as nothing.
 */
export function pairFundingBps(
  long: FundingTerms,
  short: FundingTerms,
  nowMs: number,
  untilMs: number,
): number {
  const of = (terms: FundingTerms): number =>
    terms.rate === undefined ? 0 : terms.rate * 10_000 * paymentsUntil(terms, nowMs, untilMs);
  return of(short) - of(long);
}

/** When the next payment of either leg falls due; Infinity when none is known. */
export function nextPaymentMs(long: FundingTerms, short: FundingTerms, nowMs: number): number {
  const of = ({ tsNextMs, intervalHours }: FundingTerms): number => {
    if (tsNextMs === undefined) return Infinity;
    if (tsNextMs >= nowMs || !(intervalHours !== undefined && intervalHours > 0)) return tsNextMs;
    return tsNextMs + Math.ceil((nowMs - tsNextMs) / (intervalHours * hourMs)) * intervalHours * hourMs;
  };
  return Math.min(of(long), of(short));
}
