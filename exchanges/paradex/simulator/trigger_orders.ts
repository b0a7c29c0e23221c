/**
 * Orders that wait for the mark price (paradex.md, 6.6): kept here until it crosses their trigger, then handed to the
 * matching engine under the same id. Nothing else of the venue knows of them while they wait.
 */
import type { SimulatedOrderRequest, SimulatedVenue } from "../../simulation/ports.ts";

/** A new record for each change. */
export interface TriggerOrder {
  /** As on the wire. */
  readonly id: string;
  /** What goes to the matching engine when the price is reached. */
  readonly request: SimulatedOrderRequest;
  /** The venue's type, `STOP_LOSS_MARKET` and the like. */
  readonly type: string;
  readonly instruction: string;
  readonly flags: readonly string[];
  readonly triggerPriceTicks: number;
  /** Fires when the mark is at the trigger price or above; below otherwise. */
  readonly firesAbove: boolean;
  readonly status: "UNTRIGGERED" | "CLOSED";
  readonly cancelReason: string;
  readonly signatureTsMs: number;
  readonly tsCreatedMs: number;
  readonly tsUpdatedMs: number;
}

export interface TriggerOrdersOptions {
  readonly venue: SimulatedVenue;
  /** In ticks of the instrument. */
  readonly markTicks: (symbol: string) => number;
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
      if (event.kind === "mark") this.#onMark(event.mark.symbol);
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

  closed(): readonly TriggerOrder[] {
    return [...this.#closed.values()];
  }

  find(key: { readonly id: string } | { readonly clientId: string }): TriggerOrder | undefined {
    if ("id" in key) return this.#waiting.get(key.id) ?? this.#closed.get(key.id);
    const isMeant = ({ request }: TriggerOrder): boolean => request.clientOrderId === key.clientId;
    return this.waiting().find(isMeant) ?? this.closed().findLast(isMeant);
  }

  cancel(id: string, cancelReason: string): TriggerOrder | undefined {
    const order = this.#waiting.get(id);
    if (order === undefined) return undefined;
    const closed: TriggerOrder = {
      ...order,
      status: "CLOSED",
      cancelReason,
      tsUpdatedMs: this.#options.venue.clock.nowMs(),
    };
    this.#waiting.delete(id);
    this.#closed.set(id, closed);
    for (const oldest of this.#closed.keys()) {
      if (this.#closed.size <= maxClosed) break;
      this.#closed.delete(oldest);
    }
    this.#options.onChange(closed);
    return closed;
  }

  #onMark(symbol: string): void {
    if (this.#waiting.size === 0) return;
    const markTicks = this.#options.markTicks(symbol);
    for (const order of this.waiting()) {
      const { firesAbove, request, triggerPriceTicks } = order;
      const isReached = firesAbove ? markTicks >= triggerPriceTicks : markTicks <= triggerPriceTicks;
      if (request.symbol !== symbol || !isReached) continue;
      this.#waiting.delete(order.id);
      this.#options.onFire(order);
    }
  }
}
