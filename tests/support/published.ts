/** What an adapter publishes, kept in order, so that a test can look at it and wait for it. */
import type {
  Balance,
  BookUpdate,
  ChannelStatistics,
  Fill,
  FundingPayment,
  Instrument,
  OrderReport,
  Publish,
  Side,
  VenueHealth,
  VenuePosition,
} from "@berth/sdk";

export type Event =
  | { readonly kind: "instrument"; readonly value: Instrument }
  | {
    readonly kind: "quote";
    readonly index: number;
    readonly bid: number;
    readonly bidSize: number;
    readonly ask: number;
    readonly askSize: number;
    readonly tsVenueMs: number;
    readonly source: string;
  }
  | {
    readonly kind: "trade";
    readonly index: number;
    readonly side: Side;
    readonly price: number;
    readonly sizeBase: number;
    readonly tsVenueMs: number;
  }
  | {
    readonly kind: "mark";
    readonly markPrice: number;
    readonly indexPrice: number;
    readonly fundingRate: number;
    readonly tsNextFundingMs: number;
  }
  | { readonly kind: "book"; readonly value: Omit<BookUpdate, "sequence"> }
  | { readonly kind: "order"; readonly value: OrderReport }
  | { readonly kind: "fill"; readonly value: Fill }
  | { readonly kind: "position"; readonly value: VenuePosition }
  | { readonly kind: "balance"; readonly value: Omit<Balance, "venue"> }
  | { readonly kind: "health"; readonly value: Omit<VenueHealth, "venue" | "tsMs"> }
  | { readonly kind: "funding"; readonly value: FundingPayment }
  | { readonly kind: "statistics"; readonly value: readonly ChannelStatistics[] }
  | { readonly kind: "restored" };

const patienceMs = 8_000;

/** Keeps what the adapter publishes and lets a test wait for it. */
export class Published {
  readonly events: Event[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #indexes = new Map<string, number>();

  #add(event: Event): void {
    this.events.push(event);
    for (const check of [...this.#waiting]) check();
  }

  of<Kind extends Event["kind"]>(kind: Kind): Extract<Event, { readonly kind: Kind }>[] {
    return this.events.filter((event): event is Extract<Event, { readonly kind: Kind }> =>
      event.kind === kind
    );
  }

  /** The first event from `from` on that fits. */
  async next<T>(what: string, pick: (event: Event) => T | undefined, from = 0): Promise<T> {
    let seen = from;
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => end(() => reject(new Error(`waited in vain for ${what}`))), patienceMs);
      const end = (finish: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        finish();
      };
      const check = () => {
        for (; seen < this.events.length; seen++) {
          const event = this.events[seen];
          const picked = event === undefined ? undefined : pick(event);
          if (picked !== undefined) return end(() => resolve(picked));
        }
      };
      this.#waiting.add(check);
      check();
    });
  }

  readonly port: Publish = {
    instrument: (value) => {
      const index = this.#indexes.get(value.id) ?? this.#indexes.size;
      this.#indexes.set(value.id, index);
      this.#add({ kind: "instrument", value });
      return index;
    },
    quote: (index, bid, bidSize, ask, askSize, tsVenueMs, _recv, source) =>
      this.#add({ kind: "quote", index, bid, bidSize, ask, askSize, tsVenueMs, source }),
    trade: (index, side, price, sizeBase, tsVenueMs) =>
      this.#add({ kind: "trade", index, side, price, sizeBase, tsVenueMs }),
    mark: (_index, markPrice, indexPrice, fundingRate, tsNextFundingMs) =>
      this.#add({ kind: "mark", markPrice, indexPrice, fundingRate, tsNextFundingMs }),
    book: (value) => this.#add({ kind: "book", value }),
    order: (value) => this.#add({ kind: "order", value }),
    fill: (value) => this.#add({ kind: "fill", value }),
    position: (value) => this.#add({ kind: "position", value }),
    balance: (value) => this.#add({ kind: "balance", value }),
    funding: (value) => this.#add({ kind: "funding", value }),
    health: (value) => this.#add({ kind: "health", value }),
    statistics: (value) => this.#add({ kind: "statistics", value }),
    privateStreamRestored: () => this.#add({ kind: "restored" }),
  };
}
