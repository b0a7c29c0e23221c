/** What the simulated EdgeX remembers of the past, in its own words: bars, funding rates, and who paid them. */
import { formatMoney, money } from "@berth/sdk";
import { type PastFundingPayment, VenueHistory } from "../../simulation/history.ts";
import type { SimulatedVenue } from "../../simulation/ports.ts";
import {
  collateral,
  type EdgexListing,
  listingOfSymbol,
  priceText,
  type Row,
  sizeText,
  timeText,
} from "./listing.ts";

const intervals: Readonly<Record<string, string>> = {
  MINUTE_1: "1m",
  MINUTE_5: "5m",
  MINUTE_15: "15m",
  MINUTE_30: "30m",
  HOUR_1: "1h",
  HOUR_2: "2h",
  HOUR_4: "4h",
  HOUR_6: "6h",
  HOUR_8: "8h",
  HOUR_12: "12h",
  DAY_1: "1d",
  WEEK_1: "1w",
  MONTH_1: "1M",
};

export class History {
  readonly #past: VenueHistory;

  constructor(venue: SimulatedVenue) {
    this.#past = new VenueHistory(venue);
  }

  stop(): void {
    this.#past.stop();
  }

  /** Rows of `getKline`, newest first; undefined for a kind that there is not. */
  klines(one: EdgexListing, klineType: string): readonly Row[] | undefined {
    const interval = intervals[klineType];
    if (interval === undefined) return undefined;
    return this.#past.bars(one.simulated.symbol, interval).toReversed().map((
      { close, high, lots, low, open, startMs },
    ) => ({
      klineId: `${one.contractId}${startMs}`,
      contractId: one.contractId,
      contractName: one.contractName,
      klineType,
      klineTime: timeText(startMs),
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
    return this.#past.fundingRates(one.simulated.symbol).toReversed().map(({ rate, tsMs }) => ({
      contractId: one.contractId,
      fundingTime: timeText(tsMs),
      fundingTimestamp: timeText(tsMs),
      fundingRate: rate.toFixed(8),
      isSettlement: true,
      forecastFundingRate: "",
      fundingRateIntervalMin: String(one.simulated.fundingIntervalHours * 60),
    }));
  }

  /** Number of an account's newest payment; 0 before the first. */
  newestPayment(accountId: string): number {
    return this.#past.fundingPayments(accountId).at(-1)?.number ?? 0;
  }

  /** Rows of `getPositionTransactionPage` of type SETTLE_FUNDING_FEE, newest first, of payments after a number. */
  fundingTransactions(accountId: string, after = 0): readonly Row[] {
    return this.#past.fundingPayments(accountId).filter(({ number }) => number > after).toReversed()
      .map(transactionRow);
  }
}

/** What is paid is negative. */
function transactionRow({ accountId, amount, number, symbol, tsMs }: PastFundingPayment): Row {
  return {
    id: `${timeText(tsMs)}${String(number).padStart(5, "0")}`,
    accountId,
    coinId: collateral.coinId,
    contractId: listingOfSymbol(symbol).contractId,
    type: "SETTLE_FUNDING_FEE",
    deltaOpenSize: "0",
    deltaOpenValue: "0",
    deltaOpenFee: "0",
    deltaFundingFee: formatMoney(money(-amount)),
    fundingTime: timeText(tsMs),
    createdTime: timeText(tsMs),
    updatedTime: timeText(tsMs),
  };
}
