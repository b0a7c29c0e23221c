/** What a simulated venue remembers of the past: bars of its own trades, funding rates, and who paid them. */
import type { SimulatedMark, SimulatedVenue } from "./ports.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Weeks begin on Mondays; the epoch was a Thursday. */
const mondayMs = 4 * dayMs;
const tradesRead = 1_000;
const maxRemembered = 2_000;

const unitsMs: Readonly<Record<string, number>> = { m: minuteMs, h: hourMs, d: dayMs, w: 7 * dayMs };

/** Start of the bar that a time falls in. @param interval `15m`, `4h`, `1d`, `1w` or the calendar month `1M` */
function barStart(interval: string, tsMs: number): number {
  if (interval === "1M") {
    const time = new Date(tsMs);
    return Date.UTC(time.getUTCFullYear(), time.getUTCMonth());
  }
  const lengthMs = Number(interval.slice(0, -1)) * (unitsMs[interval.slice(-1)] ?? NaN);
  const shiftMs = interval === "1w" ? mondayMs : 0;
  return Math.floor((tsMs - shiftMs) / lengthMs) * lengthMs + shiftMs;
}

function nextStart(interval: string, startMs: number): number {
  const start = new Date(startMs);
  return interval === "1M"
    ? Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1)
    : startMs + Number(interval.slice(0, -1)) * (unitsMs[interval.slice(-1)] ?? NaN);
}

/** Prices in ticks. */
export interface SimulatedBar {
  readonly startMs: number;
  /** Of the next one. */
  readonly endMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly lots: number;
}

export interface PastFundingRate {
  readonly symbol: string;
  readonly tsMs: number;
  readonly rate: number;
}

export interface PastFundingPayment {
  /** 1, 2, 3, … */
  readonly number: number;
  readonly accountId: string;
  readonly symbol: string;
  /** Money at 1e-18; positive is paid by the account. */
  readonly amount: bigint;
  readonly tsMs: number;
}

export class VenueHistory {
  readonly #venue: SimulatedVenue;
  readonly #stop: () => void;
  readonly #rates: PastFundingRate[] = [];
  readonly #payments: PastFundingPayment[] = [];
  readonly #marks = new Map<string, SimulatedMark>();
  readonly #paid = new Map<string, bigint>();
  #lastNumber = 0;

  constructor(venue: SimulatedVenue) {
    this.#venue = venue;
    this.#stop = venue.subscribe((event) => {
      if (event.kind === "mark") this.#onMark(event.mark);
      if (event.kind === "position") {
        const { accountId, fundingPaid, symbol } = event.position;
        const key = `${accountId}/${symbol}`;
        const before = this.#paid.get(key) ?? 0n;
        this.#paid.set(key, fundingPaid);
        if (fundingPaid !== before) this.#addPayment(accountId, symbol, fundingPaid - before);
      }
    });
  }

  stop(): void {
    this.#stop();
  }

  /** Bars of the trades that are remembered, oldest first. */
  bars(symbol: string, interval: string): readonly SimulatedBar[] {
    const bars = new Map<number, { open: number; high: number; low: number; close: number; lots: number }>();
    for (const { priceTicks, sizeLots, tsMs } of this.#venue.recentTrades(symbol, tradesRead)) {
      const start = barStart(interval, tsMs);
      const known = bars.get(start) ??
        { open: priceTicks, high: priceTicks, low: priceTicks, close: priceTicks, lots: 0 };
      bars.set(start, known);
      known.high = Math.max(known.high, priceTicks);
      known.low = Math.min(known.low, priceTicks);
      known.close = priceTicks;
      known.lots += sizeLots;
    }
    return [...bars].sort(([a], [b]) => a - b).map(([startMs, bar]) => ({
      startMs,
      endMs: nextStart(interval, startMs),
      ...bar,
    }));
  }

  /** Of one instrument, oldest first. */
  fundingRates(symbol: string): readonly PastFundingRate[] {
    return this.#rates.filter((one) => one.symbol === symbol);
  }

  /** Of one account, oldest first. */
  fundingPayments(accountId: string): readonly PastFundingPayment[] {
    return this.#payments.filter((one) => one.accountId === accountId);
  }

  #onMark(mark: SimulatedMark): void {
    const before = this.#marks.get(mark.symbol);
    this.#marks.set(mark.symbol, mark);
    if (before === undefined || before.tsNextFundingMs === mark.tsNextFundingMs) return;
    if (!(before.tsNextFundingMs <= this.#venue.clock.nowMs())) return;
    this.#rates.push({ symbol: mark.symbol, tsMs: before.tsNextFundingMs, rate: before.fundingRate });
    if (this.#rates.length > maxRemembered) this.#rates.splice(0, maxRemembered / 2);
  }

  #addPayment(accountId: string, symbol: string, amount: bigint): void {
    const tsMs = this.#venue.clock.nowMs();
    this.#payments.push({ number: ++this.#lastNumber, accountId, symbol, amount, tsMs });
    if (this.#payments.length > maxRemembered) this.#payments.splice(0, maxRemembered / 2);
  }
}
