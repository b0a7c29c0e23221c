/** What the adapter's rooms are handed in tests: virtual time, records instead of a host, a socket played by hand. */
import { increment, type Instrument, instrumentId, type Log, type Publish, venueId } from "@berth/sdk";
import { Misfits } from "@berth/sdk/venue/misfits.ts";
import type { VirtualTime } from "../../support/venue_fakes.ts";
import type { MisfitCode } from "../../../exchanges/paradex/misfits.ts";
import { type InstrumentList, instrumentList } from "../../../exchanges/paradex/instruments.ts";
import type { Socket, SocketHandlers } from "@berth/sdk/venue/transport.ts";

export { constantRandom, recordingLog, settle, VirtualTime } from "../../support/venue_fakes.ts";

export interface Published {
  readonly kind: string;
  readonly value: unknown;
}
export const misfitsOf = (time: VirtualTime, log: Log) => new Misfits<MisfitCode>(time, log);

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
  const list = instrumentList();
  list.add({ instrument: btcInstrument, index: 7 });
  return list;
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

export interface SentFrame {
  readonly id: number;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export class FakeSocket implements Socket {
  readonly sent: SentFrame[] = [];
  isClosed = false;
  constructor(readonly url: string, readonly handlers: SocketHandlers) {}

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
    this.handlers.onText(JSON.stringify({ jsonrpc: "2.0", id, result }));
  }
  refuse(id: number, code: number, message: string): void {
    this.handlers.onText(JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } }));
  }
  push(channel: string, data: unknown): void {
    this.handlers.onText(
      JSON.stringify({ jsonrpc: "2.0", method: "subscription", params: { channel, data } }),
    );
  }
}
