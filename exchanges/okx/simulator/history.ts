/** The simulated OKX's past in its own rows: candles, funding rates, bills of funding payments. */
import { formatMoney, money } from "@berth/sdk";
import { VenueHistory } from "../../simulation/history.ts";
import type { SimulatedVenue } from "../../simulation/ports.ts";
import { contractsText, type OkxListing, priceText, timeText } from "./listing.ts";

type Row = Readonly<Record<string, unknown>>;

const intervals: Readonly<Record<string, string>> = {
  "1m": "1m",
  "3m": "3m",
  "5m": "5m",
  "15m": "15m",
  "30m": "30m",
  "1H": "1h",
  "2H": "2h",
  "4H": "4h",
  "6Hutc": "6h",
  "12Hutc": "12h",
  "1Dutc": "1d",
  "3Dutc": "3d",
  "1Wutc": "1w",
  "1Mutc": "1M",
};

/** `after` asks for older rows, `before` for newer ones, both without the row of that time. */
function isWithin(query: URLSearchParams, tsMs: number): boolean {
  const after = Number(query.get("after") ?? Infinity);
  const before = Number(query.get("before") ?? -Infinity);
  return tsMs < after && tsMs > before;
}

export class History {
  readonly #venue: SimulatedVenue;
  readonly #past: VenueHistory;

  constructor(venue: SimulatedVenue) {
    this.#venue = venue;
    this.#past = new VenueHistory(venue);
  }

  stop(): void {
    this.#past.stop();
  }

  /** Rows of `candles`, newest first; undefined for a bar that there is not. */
  candles(one: OkxListing, query: URLSearchParams): readonly (readonly string[])[] | undefined {
    const interval = intervals[query.get("bar") ?? "1m"];
    if (interval === undefined) return undefined;
    const nowMs = this.#venue.clock.nowMs();
    const bars = this.#past.bars(one.simulated.symbol, interval);
    return bars.filter(({ startMs }) => isWithin(query, startMs)).toReversed().map((bar) => [
      String(bar.startMs),
      priceText(bar.open, one),
      priceText(bar.high, one),
      priceText(bar.low, one),
      priceText(bar.close, one),
      contractsText(bar.lots, one),
      String(Number((bar.lots * Number(one.simulated.lotSize)).toPrecision(12))),
      "0",
      bar.endMs <= nowMs ? "1" : "0",
    ]);
  }

  /** Rows of `funding-rate-history`, newest first. */
  fundingRates(one: OkxListing, query: URLSearchParams): readonly Row[] {
    return this.#past.fundingRates(one.simulated.symbol).filter(({ tsMs }) => isWithin(query, tsMs))
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
    return this.#past.fundingPayments(accountId).filter(({ number, tsMs }) =>
      tsMs >= begin && tsMs <= end && number < after
    ).toReversed().map(({ amount, number, symbol, tsMs }) => {
      const change = formatMoney(money(-amount));
      return {
        instType: "SWAP",
        instId: `${symbol.replace(/-PERP$/, "")}-USDT-SWAP`,
        billId: String(number),
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
}
