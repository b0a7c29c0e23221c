/** What the adapter's rooms are handed in tests: virtual time, records instead of a host, a socket played by hand. */
import {
  type Clock,
  increment,
  type Instrument,
  instrumentId,
  type Log,
  type LogFields,
  type Publish,
  type Random,
  type Scheduler,
  venueId,
} from "@berth/sdk";
import { InstrumentList } from "../../../exchanges/paradex/instruments.ts";
import type { Socket, SocketEvents } from "../../../exchanges/paradex/connection.ts";

/** Clock and scheduler that move only when told. */
export class VirtualTime implements Clock, Scheduler {
  #nowMs = 1_759_400_000_000;
  #nextId = 0;
  readonly #tasks = new Map<number, { readonly dueMs: number; readonly task: () => void }>();

  epochMs = (): number => this.#nowMs;
  epochUs = (): number => this.#nowMs * 1000;
  monotonicMs = (): number => this.#nowMs;

  after(delayMs: number, task: () => void): () => void {
    const id = this.#nextId++;
    this.#tasks.set(id, { dueMs: this.#nowMs + delayMs, task });
    return () => void this.#tasks.delete(id);
  }

  /** Runs what is due within `durationMs`, in order, letting promises settle after each. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs;
    await settle();
    while (true) {
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

export interface Published {
  readonly kind: string;
  readonly value: unknown;
}
/** Keeps what is published, in order. */
export function recordingPublish(): Publish & {
  readonly published: Published[];
  of(kind: string): unknown[];
} {
  const published: Published[] = [];
  const indices = new Map<string, number>();
  const keep = (kind: string) => (value: unknown) => void published.push({ kind, value });
  return {
    published,
    of: (kind) => published.filter((entry) => entry.kind === kind).map((entry) => entry.value),
    instrument(instrument) {
      keep("instrument")(instrument);
      const index = indices.get(instrument.id) ?? indices.size;
      indices.set(instrument.id, index);
      return index;
    },
    quote: (...value) => keep("quote")(value),
    trade: (...value) => keep("trade")(value),
    mark: (...value) => keep("mark")(value),
    book: keep("book"),
    order: keep("order"),
    fill: keep("fill"),
    position: keep("position"),
    balance: keep("balance"),
    funding: keep("funding"),
    health: keep("health"),
    statistics: keep("statistics"),
    privateStreamRestored: () => keep("restored")(undefined),
  };
}

export const btcInstrument: Instrument = {
  id: instrumentId("paradex", "BTC-PERP"),
  venue: venueId("paradex"),
  symbol: "BTC-PERP",
  venueSymbol: "BTC-USD-PERP",
  kind: "perpetual",
  settlement: "linear",
  baseAsset: "BTC",
  quoteAsset: "USD",
  settlementAsset: "USDC",
  tick: increment("0.1"),
  lot: increment("0.00001"),
  contractMultiplier: "1",
  minSizeLots: 1,
  maxSizeLots: 10_000_000,
  minNotional: 10,
  makerFeeBps: 0,
  takerFeeBps: 4.5,
  maxLeverage: 50,
  fundingIntervalHours: 8,
  status: "trading",
};

export function btcOnly(): InstrumentList {
  const list = new InstrumentList();
  list.set({ instrument: btcInstrument, index: 7 });
  return list;
}

/** The venue's end of the adapter's sockets. */
export class FakeSockets {
  readonly opened: FakeSocket[] = [];
  open = (url: string, events: SocketEvents): Socket => {
    const socket = new FakeSocket(url, events);
    this.opened.push(socket);
    return socket;
  };
  get last(): FakeSocket {
    const socket = this.opened.at(-1);
    if (socket === undefined) throw new Error("no socket was opened");
    return socket;
  }
}

export interface SentFrame {
  readonly id: number;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export class FakeSocket implements Socket {
  readonly sent: SentFrame[] = [];
  isClosed = false;
  constructor(readonly url: string, readonly events: SocketEvents) {}

  send(text: string): void {
    if (this.isClosed) throw new Error("socket is closed");
    this.sent.push(JSON.parse(text));
  }
  close(): void {
    this.isClosed = true;
  }

  /** Acknowledges every request that waits, `auth` and `subscribe` included. */
  acknowledgeAll(result: unknown = {}): void {
    for (const frame of this.sent.splice(0)) this.reply(frame.id, result);
  }
  reply(id: number, result: unknown): void {
    this.events.text(JSON.stringify({ jsonrpc: "2.0", id, result }));
  }
  refuse(id: number, code: number, message: string): void {
    this.events.text(JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } }));
  }
  push(channel: string, data: unknown): void {
    this.events.text(JSON.stringify({ jsonrpc: "2.0", method: "subscription", params: { channel, data } }));
  }
}
