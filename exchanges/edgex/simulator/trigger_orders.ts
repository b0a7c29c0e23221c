/**
 * Orders of the simulated EdgeX that wait for a price: kept here until it is reached, then handed to the matching engine.
 * On the wire they keep their id. Nothing else of the venue knows of them while they wait.
 */
import type { SimulatedOrder, SimulatedOrderRequest, SimulatedVenue } from "../../simulation/ports.ts";
import { listingOfSymbol } from "./listing.ts";
import type { OrderTerms } from "./rows.ts";

export type TriggerPriceType = "ORACLE_PRICE" | "INDEX_PRICE" | "LAST_PRICE";

/** A new record for each change. */
export interface TriggerOrder {
  /** As on the wire, before and after. */
  readonly id: string;
  readonly terms: OrderTerms;
  /** What goes to the matching engine when the price is reached. */
  readonly request: SimulatedOrderRequest;
  /** As if the engine had it: open while it waits, cancelled when it was taken back. */
  readonly order: SimulatedOrder;
  readonly priceType: TriggerPriceType;
  readonly triggerPrice: number;
  /** Fires when the price is at the trigger price or above; below otherwise. */
  readonly firesAbove: boolean;
}

export interface TriggerOrdersOptions {
  readonly venue: SimulatedVenue;
  readonly onChange: (order: TriggerOrder) => void;
  /** The price was reached: the order leaves this book. */
  readonly onFire: (order: TriggerOrder) => void;
}

/** Closed ones that can still be asked for. */
const maxClosed = 1_000;

export class TriggerOrders {
  readonly #options: TriggerOrdersOptions;
  readonly #waiting = new Map<string, TriggerOrder>();
  readonly #closed = new Map<string, TriggerOrder>();
  readonly #stop: () => void;

  constructor(options: TriggerOrdersOptions) {
    this.#options = options;
    this.#stop = options.venue.subscribe((event) => {
      if (event.kind === "mark") {
        this.#look(event.mark.symbol, "ORACLE_PRICE", event.mark.markPrice);
        this.#look(event.mark.symbol, "INDEX_PRICE", event.mark.indexPrice);
      }
      if (event.kind === "trade") {
        const { priceTicks, symbol } = event.trade;
        this.#look(symbol, "LAST_PRICE", priceTicks * Number(listingOfSymbol(symbol).tick.text));
      }
    });
  }

  stop(): void {
    this.#stop();
  }

  add(order: TriggerOrder): void {
    this.#waiting.set(order.id, order);
    this.#options.onChange(order);
  }

  /** Waiting ones in the order of their coming. */
  waiting(): readonly TriggerOrder[] {
    return [...this.#waiting.values()];
  }

  /** Taken back before their price was reached. */
  closed(): readonly TriggerOrder[] {
    return [...this.#closed.values()];
  }

  cancel(id: string): boolean {
    const order = this.#waiting.get(id);
    if (order === undefined) return false;
    const tsUpdatedMs = this.#options.venue.clock.nowMs();
    const closed: TriggerOrder = {
      ...order,
      order: { ...order.order, status: "cancelled", cancelReason: "user", tsUpdatedMs },
    };
    this.#waiting.delete(id);
    this.#closed.set(id, closed);
    for (const oldest of this.#closed.keys()) {
      if (this.#closed.size <= maxClosed) break;
      this.#closed.delete(oldest);
    }
    this.#options.onChange(closed);
    return true;
  }

  #look(symbol: string, priceType: TriggerPriceType, price: number): void {
    for (const order of this.waiting()) {
      if (order.request.symbol !== symbol || order.priceType !== priceType) continue;
      const isReached = order.firesAbove ? price >= order.triggerPrice : price <= order.triggerPrice;
      if (!isReached) continue;
      this.#waiting.delete(order.id);
      // What is in the middle of a match is placed after it.
      this.#options.venue.clock.schedule(0, () => this.#options.onFire(order));
    }
  }
}
