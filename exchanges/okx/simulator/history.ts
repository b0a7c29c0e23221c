/** What the simulated OKX remembers of the past: bars of its own trades, funding rates, and who paid them. */
import { formatMoney, money } from "@berth/sdk";
import type { SimulatedMark, SimulatedVenue } from "../../simulation/ports.ts";
import { contractsText, type OkxListing, priceText, timeText } from "./listing.ts";

type Row = Readonly<Record<string, unknown>>;

const minuteMs = 60_000;
const dayMs = 86_400_000;
const barMs: Readonly<Record<string, number>> = {
  "1m": minuteMs,
  "3m": 3 * minuteMs,
  "5m": 5 * minuteMs,
  "15m": 15 * minuteMs,
  "30m": 30 * minuteMs,
  "1H": 60 * minuteMs,
  "2H": 120 * minuteMs,
  "4H": 240 * minuteMs,
  "6Hutc": 360 * minuteMs,
  "12Hutc": 720 * minuteMs,
  "1Dutc": dayMs,
  "3Dutc": 3 * dayMs,
  "1Wutc": 7 * dayMs,
};
/** Weeks begin on Mondays; the epoch was a Thursday. */
const mondayMs = 4 * dayMs;
const tradesRead = 1_000;
const maxRemembered = 2_000;

function barStart(bar: string, tsMs: number): number | undefined {
  if (bar === "1Mutc") {
    const time = new Date(tsMs);
    return Date.UTC(time.getUTCFullYear(), time.getUTCMonth());
  }
  const lengthMs = barMs[bar];
  if (lengthMs === undefined) return undefined;
  const shiftMs = bar === "1Wutc" ? mondayMs : 0;
  return Math.floor((tsMs - shiftMs) / lengthMs) * lengthMs + shiftMs;
}

const nextStart = (bar: string, startMs: number): number =>
  bar === "1Mutc"
    ? Date.UTC(new Date(startMs).getUTCFullYear(), new Date(startMs).getUTCMonth() + 1)
    : startMs + (barMs[bar] ?? 0);

/** `after` asks for older rows, `before` for newer ones, both without the row of that time. */
function isWithin(query: URLSearchParams, tsMs: number): boolean {
  const after = Number(query.get("after") ?? Infinity);
  const before = Number(query.get("before") ?? -Infinity);
  return tsMs < after && tsMs > before;
}

interface FundingEntry {
  readonly symbol: string;
  readonly tsMs: number;
  readonly rate: number;
}

interface Bill {
  readonly billId: string;
  readonly accountId: string;
  readonly symbol: string;
  readonly amount: bigint;
  readonly tsMs: number;
}

export class History {
  readonly #venue: SimulatedVenue;
  readonly #stop: () => void;
  readonly #rates: FundingEntry[] = [];
  readonly #bills: Bill[] = [];
  readonly #marks = new Map<string, SimulatedMark>();
  readonly #paid = new Map<string, bigint>();
  #lastBillId = 0;

  constructor(venue: SimulatedVenue) {
    this.#venue = venue;
    this.#stop = venue.subscribe((event) => {
      if (event.kind === "mark") this.#onMark(event.mark);
      if (event.kind === "position") {
        const { accountId, fundingPaid, symbol } = event.position;
        const key = `${accountId}/${symbol}`;
        const before = this.#paid.get(key) ?? 0n;
        this.#paid.set(key, fundingPaid);
        if (fundingPaid !== before) this.#addBill(accountId, symbol, fundingPaid - before);
      }
    });
  }

  stop(): void {
    this.#stop();
  }

  /** Rows of `candles`, newest first; undefined for a bar that there is not. */
  candles(one: OkxListing, query: URLSearchParams): readonly (readonly string[])[] | undefined {
    const bar = query.get("bar") ?? "1m";
    const nowMs = this.#venue.clock.nowMs();
    if (barStart(bar, nowMs) === undefined) return undefined;
    const bars = new Map<number, { open: number; high: number; low: number; close: number; lots: number }>();
    for (const { priceTicks, sizeLots, tsMs } of this.#venue.recentTrades(one.simulated.symbol, tradesRead)) {
      const start = barStart(bar, tsMs) ?? 0;
      const known = bars.get(start) ??
        { open: priceTicks, high: priceTicks, low: priceTicks, close: priceTicks, lots: 0 };
      bars.set(start, known);
      known.high = Math.max(known.high, priceTicks);
      known.low = Math.min(known.low, priceTicks);
      known.close = priceTicks;
      known.lots += sizeLots;
    }
    return [...bars].filter(([start]) => isWithin(query, start)).sort(([a], [b]) => b - a).map((
      [start, { open, high, low, close, lots }],
    ) => [
      String(start),
      priceText(open, one),
      priceText(high, one),
      priceText(low, one),
      priceText(close, one),
      contractsText(lots, one),
      String(Number((lots * Number(one.simulated.lotSize)).toPrecision(12))),
      "0",
      nextStart(bar, start) <= nowMs ? "1" : "0",
    ]);
  }

  /** Rows of `funding-rate-history`, newest first. */
  fundingRates(one: OkxListing, query: URLSearchParams): readonly Row[] {
    return this.#rates.filter(({ symbol, tsMs }) => symbol === one.simulated.symbol && isWithin(query, tsMs))
      .toReversed().slice(0, Math.min(400, Number(query.get("limit") ?? 400) || 400)).map((
        { tsMs, rate },
      ) => ({
        instType: "SWAP",
        instId: one.instId,
        formulaType: "withRate",
        method: "current_period",
        fundingRate: rate.toFixed(10),
        realizedRate: rate.toFixed(10),
        fundingTime: timeText(tsMs),
      }));
  }

  /** Rows of `account/bills` of type 8, newest first: what is paid is negative. */
  fundingBills(accountId: string, query: URLSearchParams): readonly Row[] {
    const begin = Number(query.get("begin") ?? 0);
    const end = Number(query.get("end") ?? Infinity);
    const after = Number(query.get("after") ?? Infinity);
    return this.#bills.filter((bill) =>
      bill.accountId === accountId && bill.tsMs >= begin && bill.tsMs <= end && Number(bill.billId) < after
    ).toReversed().map(({ amount, billId, symbol, tsMs }) => {
      const change = formatMoney(money(-amount));
      return {
        instType: "SWAP",
        instId: `${symbol.replace(/-PERP$/, "")}-USDT-SWAP`,
        billId,
        type: "8",
        subType: amount > 0n ? "173" : "174",
        ccy: "USDT",
        balChg: change,
        posBalChg: "0",
        pnl: change,
        fee: "0",
        mgnMode: "cross",
        ts: timeText(tsMs),
      };
    });
  }

  #onMark(mark: SimulatedMark): void {
    const before = this.#marks.get(mark.symbol);
    this.#marks.set(mark.symbol, mark);
    if (before === undefined || before.tsNextFundingMs === mark.tsNextFundingMs) return;
    if (!(before.tsNextFundingMs <= this.#venue.clock.nowMs())) return;
    this.#rates.push({ symbol: mark.symbol, tsMs: before.tsNextFundingMs, rate: before.fundingRate });
    if (this.#rates.length > maxRemembered) this.#rates.splice(0, maxRemembered / 2);
  }

  #addBill(accountId: string, symbol: string, amount: bigint): void {
    const billId = String(++this.#lastBillId);
    this.#bills.push({ billId, accountId, symbol, amount, tsMs: this.#venue.clock.nowMs() });
    if (this.#bills.length > maxRemembered) this.#bills.splice(0, maxRemembered / 2);
  }
}
