/** What the adapter's rooms are handed in tests: virtual time, records instead of a host, sockets played by hand. */
import type {
  Balance,
  BookUpdate,
  Clock,
  Fill,
  FundingPayment,
  Instrument,
  Log,
  LogFields,
  OrderReport,
  Publish,
  Random,
  Scheduler,
  Side,
  VenueHealth,
  VenuePosition,
} from "@berth/sdk";
import type { Socket, SocketHandlers } from "@berth/sdk/venue/transport.ts";

/** Clock and scheduler that move only when told. */
export class VirtualTime implements Clock, Scheduler {
  #nowMs = 1_785_096_000_000;
  #nextId = 0;
  readonly #tasks = new Map<number, { readonly dueMs: number; readonly task: () => void }>();

  epochMs = (): number => this.#nowMs;
  epochUs = (): number => this.#nowMs * 1000;
  monotonicMs = (): number => this.#nowMs;

  after = (delayMs: number, task: () => void): () => void => {
    const id = this.#nextId++;
    this.#tasks.set(id, { dueMs: this.#nowMs + delayMs, task });
    return () => void this.#tasks.delete(id);
  };

  /** Runs what is due within `durationMs`, in order, letting promises settle after each. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs;
    await settle();
    for (;;) {
      const due = [...this.#tasks].filter(([, task]) => task.dueMs <= endMs)
        .sort(([idA, a], [idB, b]) => a.dueMs - b.dueMs || idA - idB)[0];
      if (due === undefined) break;
      this.#tasks.delete(due[0]);
      this.#nowMs = Math.max(this.#nowMs, due[1].dueMs);
      due[1].task();
      await settle();
    }
    this.#nowMs = endMs;
  }
}

/** Lets all promises that are ready run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await Promise.resolve();
}

export const constantRandom: Random = { next: () => 0.5 };

export interface LoggedLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}
export function recordingLog(): Log & { readonly lines: LoggedLine[] } {
  const lines: LoggedLine[] = [];
  const at = (level: string) => (message: string, fields: LogFields = {}) =>
    void lines.push({ level, message, fields });
  return { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

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
    statistics: () => {},
    privateStreamRestored: () => this.#add({ kind: "restored" }),
  };
}

/** The venue's end of the adapter's sockets. */
export class FakeSockets {
  readonly opened: FakeSocket[] = [];
  open = (url: string, handlers: SocketHandlers): Socket => {
    const socket = new FakeSocket(url, handlers);
    this.opened.push(socket);
    return socket;
  };
  get last(): FakeSocket {
    const socket = this.opened.at(-1);
    if (socket === undefined) throw new Error("no socket was opened");
    return socket;
  }
}

export class FakeSocket implements Socket {
  readonly sent: string[] = [];
  isClosed = false;
  constructor(readonly url: string, readonly handlers: SocketHandlers) {}

  send(text: string): void {
    if (this.isClosed) throw new Error("socket is closed");
    this.sent.push(text);
  }
  close(): void {
    this.isClosed = true;
  }
  push(frame: unknown): void {
    this.handlers.onText(typeof frame === "string" ? frame : JSON.stringify(frame));
  }
}
