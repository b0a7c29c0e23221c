/** What an account's history is made of beside orders and fills: traded volume and funding payments, read off the venue's events. */
import { formatMoney, money } from "@berth/sdk";
import type { SimulatedEvent, SimulatedVenue } from "../../simulation/ports.ts";
import { listingBySymbol, sizeText } from "./listing.ts";
import { type Row, wholeMs } from "./rows.ts";

export interface FundingRow {
  readonly time: number;
  readonly coin: string;
  /** Received is positive. */
  readonly usdc: string;
  readonly szi: string;
  readonly fundingRate: string;
  readonly nSamples: null;
}

const maxRows = 10_000;

export class AccountLog {
  readonly #venue: SimulatedVenue;
  readonly #accountId: string;
  readonly #onFunding: (row: FundingRow) => void;
  readonly #stop: () => void;
  readonly #fundingPaid = new Map<string, bigint>();
  readonly #fundings: FundingRow[] = [];
  readonly #rates = new Map<string, { time: number; rate: number; premium: number }[]>();
  readonly #nextFundingMs = new Map<string, number>();
  #volumeUsd: number;

  /** @param priorVolumeUsd what the account traded before this simulation */
  constructor(
    venue: SimulatedVenue,
    accountId: string,
    priorVolumeUsd: number,
    onFunding: (row: FundingRow) => void,
  ) {
    this.#venue = venue;
    this.#accountId = accountId;
    this.#volumeUsd = priorVolumeUsd;
    this.#onFunding = onFunding;
    for (const { symbol, venueSymbol } of venue.instruments) {
      const { markPrice, tsNextFundingMs } = venue.mark(symbol);
      if (markPrice > 0) this.#nextFundingMs.set(venueSymbol, tsNextFundingMs);
    }
    this.#stop = venue.subscribe((event) => this.#onEvent(event));
  }

  stop(): void {
    this.#stop();
  }

  get volumeUsd(): number {
    return this.#volumeUsd;
  }

  /** Oldest first. */
  fundings(): readonly FundingRow[] {
    return this.#fundings;
  }

  /** Rates that were settled while this simulation ran, oldest first. */
  fundingHistory(coin: string): readonly Row[] {
    return (this.#rates.get(coin) ?? []).map(({ time, rate, premium }) => ({
      coin,
      fundingRate: rate.toFixed(10),
      premium: premium.toFixed(10),
      time,
    }));
  }

  #onEvent(event: SimulatedEvent): void {
    if (event.kind === "mark") this.#onMark(event.mark);
    if (event.kind === "fill" && event.fill.accountId === this.#accountId) {
      const { priceTicks, sizeLots, symbol } = event.fill;
      const { tick, lot } = listingBySymbol(symbol);
      this.#volumeUsd += (priceTicks * sizeLots) / 10 ** (tick.decimals + lot.decimals);
    }
    if (event.kind === "position" && event.position.accountId === this.#accountId) {
      const { symbol, fundingPaid, positionLots } = event.position;
      const paid = fundingPaid - (this.#fundingPaid.get(symbol) ?? 0n);
      this.#fundingPaid.set(symbol, fundingPaid);
      if (paid === 0n) return;
      const one = listingBySymbol(symbol);
      const row: FundingRow = {
        time: wholeMs(this.#venue.clock.nowMs()),
        coin: one.coin,
        usdc: formatMoney(money(-paid)),
        szi: sizeText(positionLots, one),
        fundingRate: this.#venue.mark(symbol).fundingRate.toFixed(10),
        nSamples: null,
      };
      this.#fundings.push(row);
      if (this.#fundings.length > maxRows) this.#fundings.splice(0, maxRows / 2);
      this.#onFunding(row);
    }
  }

  #onMark(mark: Extract<SimulatedEvent, { readonly kind: "mark" }>["mark"]): void {
    const { coin } = listingBySymbol(mark.symbol);
    const dueMs = this.#nextFundingMs.get(coin);
    this.#nextFundingMs.set(coin, mark.tsNextFundingMs);
    if (dueMs === undefined || mark.tsNextFundingMs <= dueMs) return;
    const rates = this.#rates.get(coin) ?? [];
    this.#rates.set(coin, rates);
    const premium = (mark.markPrice - mark.indexPrice) / mark.indexPrice;
    rates.push({ time: dueMs, rate: mark.fundingRate, premium });
    if (rates.length > maxRows) rates.splice(0, maxRows / 2);
  }
}
