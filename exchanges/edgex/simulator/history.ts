/** What the simulated EdgeX remembers of the past: bars of its own trades, funding rates, and who paid them. */
import { formatMoney, money } from "@berth/sdk";
import type { SimulatedMark, SimulatedVenue } from "../../simulation/ports.ts";
import {
  collateral,
  type EdgexListing,
  listingOfSymbol,
  priceText,
  type Row,
  sizeText,
  timeText,
} from "./listing.ts";

const minuteMs = 60_000;
const dayMs = 86_400_000;
const barMs: Readonly<Record<string, number>> = {
  MINUTE_1: minuteMs,
  MINUTE_5: 5 * minuteMs,
  MINUTE_15: 15 * minuteMs,
  MINUTE_30: 30 * minuteMs,
  HOUR_1: 60 * minuteMs,
  HOUR_2: 120 * minuteMs,
  HOUR_4: 240 * minuteMs,
  HOUR_6: 360 * minuteMs,
  HOUR_8: 480 * minuteMs,
  HOUR_12: 720 * minuteMs,
  DAY_1: dayMs,
  WEEK_1: 7 * dayMs,
};
/** Weeks begin on Mondays; the epoch was a Thursday. */
const mondayMs = 4 * dayMs;
const tradesRead = 1_000;
const maxRemembered = 2_000;

function barStart(kind: string, tsMs: number): number | undefined {
  if (kind === "MONTH_1") {
    const time = new Date(tsMs);
    return Date.UTC(time.getUTCFullYear(), time.getUTCMonth());
  }
  const lengthMs = barMs[kind];
  if (lengthMs === undefined) return undefined;
  const shiftMs = kind === "WEEK_1" ? mondayMs : 0;
  return Math.floor((tsMs - shiftMs) / lengthMs) * lengthMs + shiftMs;
}

interface FundingEntry {
  readonly symbol: string;
  readonly tsMs: number;
  readonly rate: number;
}

export interface FundingTransaction {
  readonly accountId: string;
  readonly row: Row;
  readonly tsMs: number;
}

export class History {
  readonly #venue: SimulatedVenue;
  readonly #stop: () => void;
  readonly #rates: FundingEntry[] = [];
  readonly #transactions: FundingTransaction[] = [];
  readonly #marks = new Map<string, SimulatedMark>();
  readonly #paid = new Map<string, bigint>();
  readonly #listeners = new Set<(transaction: FundingTransaction) => void>();
  #lastId = 0;

  constructor(venue: SimulatedVenue) {
    this.#venue = venue;
    this.#stop = venue.subscribe((event) => {
      if (event.kind === "mark") this.#onMark(event.mark);
      if (event.kind === "position") {
        const { accountId, fundingPaid, symbol } = event.position;
        const key = `${accountId}/${symbol}`;
        const before = this.#paid.get(key) ?? 0n;
        this.#paid.set(key, fundingPaid);
        if (fundingPaid !== before) this.#addTransaction(accountId, symbol, fundingPaid - before);
      }
    });
  }

  stop(): void {
    this.#stop();
  }

  /** Payments as they are booked. */
  subscribe(listener: (transaction: FundingTransaction) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Rows of `getKline`, newest first; undefined for a kind that there is not. */
  klines(one: EdgexListing, kind: string): readonly Row[] | undefined {
    if (barStart(kind, 0) === undefined) return undefined;
    const bars = new Map<number, { open: number; high: number; low: number; close: number; lots: number }>();
    for (const { priceTicks, sizeLots, tsMs } of this.#venue.recentTrades(one.simulated.symbol, tradesRead)) {
      const start = barStart(kind, tsMs) ?? 0;
      const known = bars.get(start) ??
        { open: priceTicks, high: priceTicks, low: priceTicks, close: priceTicks, lots: 0 };
      bars.set(start, known);
      known.high = Math.max(known.high, priceTicks);
      known.low = Math.min(known.low, priceTicks);
      known.close = priceTicks;
      known.lots += sizeLots;
    }
    return [...bars].sort(([a], [b]) => b - a).map(([start, { open, high, low, close, lots }]) => ({
      klineId: `${one.contractId}${start}`,
      contractId: one.contractId,
      contractName: one.contractName,
      klineType: kind,
      klineTime: timeText(start),
      priceType: "LAST_PRICE",
      open: priceText(open, one),
      high: priceText(high, one),
      low: priceText(low, one),
      close: priceText(close, one),
      size: sizeText(lots, one),
      value: "0",
      trades: "0",
      makerBuySize: "0",
      makerBuyValue: "0",
    }));
  }

  /** Rows of `getFundingRatePage`, newest first. */
  fundingRates(one: EdgexListing): readonly Row[] {
    return this.#rates.filter(({ symbol }) => symbol === one.simulated.symbol).toReversed().map(
      ({ rate, tsMs }) => ({
        contractId: one.contractId,
        fundingTime: timeText(tsMs),
        fundingTimestamp: timeText(tsMs),
        fundingRate: rate.toFixed(8),
        isSettlement: true,
        forecastFundingRate: "",
        fundingRateIntervalMin: String(one.simulated.fundingIntervalHours * 60),
      }),
    );
  }

  /** Rows of `getPositionTransactionPage` of type SETTLE_FUNDING_FEE, newest first. */
  fundingTransactions(accountId: string): readonly Row[] {
    return this.#transactions.filter((one) => one.accountId === accountId).toReversed().map(({ row }) => row);
  }

  #onMark(mark: SimulatedMark): void {
    const before = this.#marks.get(mark.symbol);
    this.#marks.set(mark.symbol, mark);
    if (before === undefined || before.tsNextFundingMs === mark.tsNextFundingMs) return;
    if (!(before.tsNextFundingMs <= this.#venue.clock.nowMs())) return;
    this.#rates.push({ symbol: mark.symbol, tsMs: before.tsNextFundingMs, rate: before.fundingRate });
    if (this.#rates.length > maxRemembered) this.#rates.splice(0, maxRemembered / 2);
  }

  /** What is paid is negative. */
  #addTransaction(accountId: string, symbol: string, paid: bigint): void {
    const tsMs = this.#venue.clock.nowMs();
    const row: Row = {
      id: `${Math.floor(tsMs)}${String(++this.#lastId).padStart(5, "0")}`,
      accountId,
      coinId: collateral.coinId,
      contractId: listingOfSymbol(symbol).contractId,
      type: "SETTLE_FUNDING_FEE",
      deltaOpenSize: "0",
      deltaOpenValue: "0",
      deltaOpenFee: "0",
      deltaFundingFee: formatMoney(money(-paid)),
      fundingTime: timeText(tsMs),
      createdTime: timeText(tsMs),
      updatedTime: timeText(tsMs),
    };
    const transaction = { accountId, row, tsMs };
    this.#transactions.push(transaction);
    if (this.#transactions.length > maxRemembered) this.#transactions.splice(0, maxRemembered / 2);
    for (const listener of this.#listeners) listener(transaction);
  }
}
