/**
 * Funding that positions paid or received, as the venue lists it. The simulation books funding at its own times, the
 * venue whenever a position changes; a payment here is what a position's total moved by.
 */
import type { SimulatedVenue } from "../../simulation/ports.ts";
import { formatMoney, money } from "@berth/sdk";
import { listingOfSymbol } from "./listing.ts";

/** A row of `GET /funding/payments`; a positive `payment` is received. */
export interface FundingPaymentRow {
  readonly id: string;
  readonly account: string;
  readonly market: string;
  readonly payment: string;
  readonly index: string;
  readonly fill_id: string;
  readonly created_at: number;
}

const maxKept = 10_000;

export class FundingPayments {
  readonly #rows: FundingPaymentRow[] = [];
  readonly #paid = new Map<string, bigint>();
  readonly #listeners = new Set<(row: FundingPaymentRow) => void>();
  readonly #stop: () => void;
  #count = 0;

  constructor(venue: SimulatedVenue, accountId: string, address: string) {
    for (const { fundingPaid, symbol } of venue.positions(accountId)) this.#paid.set(symbol, fundingPaid);
    this.#stop = venue.subscribe((event) => {
      if (event.kind !== "position" || event.position.accountId !== accountId) return;
      const { fundingPaid, symbol, tsUpdatedMs } = event.position;
      const paid = fundingPaid - (this.#paid.get(symbol) ?? 0n);
      this.#paid.set(symbol, fundingPaid);
      if (paid === 0n) return;
      this.#count += 1;
      const row: FundingPaymentRow = {
        id: `${Math.round(tsUpdatedMs)}${String(this.#count).padStart(6, "0")}`,
        account: address,
        market: listingOfSymbol(symbol).market,
        payment: formatMoney(money(-paid)),
        index: "0",
        fill_id: "",
        created_at: tsUpdatedMs,
      };
      this.#rows.push(row);
      if (this.#rows.length > maxKept) this.#rows.shift();
      for (const listener of this.#listeners) listener(row);
    });
  }

  newestFirst(): readonly FundingPaymentRow[] {
    return this.#rows.toReversed();
  }

  onPayment(listener: (row: FundingPaymentRow) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    this.#stop();
  }
}
