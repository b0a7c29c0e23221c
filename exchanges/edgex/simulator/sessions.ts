/**
 * Connections of the simulated EdgeX. Each begins with `connected`, is pinged, and closed when it answers none of five
 * pings or makes five mistakes. The public one takes subscriptions; the account's takes none and pushes by itself.
 */
import * as v from "valibot";
import type { Faults } from "../../simulation/faults.ts";
import type { SimulatedCredentials, SimulatedEvent, SimulatedVenue } from "../../simulation/ports.ts";
import type { ServerSocket } from "../../simulation/sockets.ts";
import type { History } from "./history.ts";
import type { Row } from "./listing.ts";
import type { OrderEntry } from "./order_entry.ts";
import type { PublicFeed } from "./public_feed.ts";
import { collateralRow, fillRow, orderChangeRow, positionRow, pushedFillRow } from "./rows.ts";
import type { TriggerOrder } from "./trigger_orders.ts";

/** What the sessions of one simulator share. */
export interface SessionContext {
  readonly venue: SimulatedVenue;
  readonly accountId: string;
  readonly credentials: SimulatedCredentials;
  readonly entry: OrderEntry;
  readonly feed: PublicFeed;
  readonly history: History;
  readonly faults: Faults;
}

const pingEveryMs = 10_000;
const maxUnanswered = 5;
const maxErrors = 5;
const maxFrame = 65_536;
const maxChannels = 200;

const messageSchema = v.looseObject({ type: v.string() });
const channelSchema = v.object({ type: v.string(), channel: v.pipe(v.string(), v.maxLength(100)) });

/** One connection: its greeting, its pings, its mistakes. */
class Session {
  readonly context: SessionContext;
  readonly stops: (() => void)[] = [];
  readonly #socket: ServerSocket;
  readonly #lane: string;
  readonly #onEnd: () => void;
  readonly #onMessage: (message: Row) => void;
  #unanswered = 0;
  #errors = 0;
  #isEnded = false;

  constructor(
    socket: ServerSocket,
    lane: string,
    context: SessionContext,
    onMessage: (message: Row) => void,
    onEnd: () => void,
  ) {
    this.context = context;
    this.#socket = socket;
    this.#lane = lane;
    this.#onMessage = onMessage;
    this.#onEnd = onEnd;
    const { clock } = context.venue;
    socket.listen({ onMessage: (data) => this.#take(data), onClose: () => this.close() });
    this.send({ sid: lane, type: "connected", time: String(Math.floor(clock.nowMs())) });
    this.#ping();
    const cutMs = context.faults.nextDisconnectMs();
    if (cutMs !== undefined) {
      this.stops.push(clock.schedule(cutMs, () => this.end(4000, "simulated disconnect")));
    }
  }

  close(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const stop of this.stops.splice(0)) stop();
    this.context.faults.forget(this.#lane);
    if (this.#socket.isOpen) this.#socket.close();
    this.#onEnd();
  }

  end(code: number, reason: string): void {
    this.#socket.close(code, reason);
    this.close();
  }

  send(message: Row): void {
    this.sendText(JSON.stringify(message));
  }

  sendText(text: string): void {
    this.context.faults.delayed(this.#lane, () => {
      if (this.#socket.isOpen) this.#socket.send(text);
    });
  }

  error(code: string, msg: string): void {
    this.send({ type: "error", content: { code, msg } });
    this.#errors += 1;
    if (this.#errors >= maxErrors) this.end(4001, "too many errors");
  }

  #ping(): void {
    const { clock } = this.context.venue;
    let cancel = (): void => {};
    const plan = (): void => {
      cancel = clock.schedule(pingEveryMs, () => {
        if (this.#unanswered >= maxUnanswered) return this.end(4002, "no pong");
        this.#unanswered += 1;
        this.send({ type: "ping", time: String(Math.floor(clock.nowMs())) });
        plan();
      });
    };
    plan();
    this.stops.push(() => cancel());
  }

  #take(data: unknown): void {
    if (this.#isEnded) return;
    let found: unknown;
    try {
      found = typeof data === "string" && data.length <= maxFrame ? JSON.parse(data) : undefined;
    } catch {
      found = undefined; // answered as what it is
    }
    const parsed = v.safeParse(messageSchema, found);
    if (!parsed.success) return this.error("UNRECOGNIZED_MESSAGE", "unrecognized message");
    const message = parsed.output;
    if (message.type === "pong") {
      this.#unanswered = 0;
      return;
    }
    // Answered with the time that it states.
    if (message.type === "ping") return this.send({ type: "pong", time: message["time"] });
    this.#onMessage(message);
  }
}

export interface OpenSession {
  close(): void;
}

export function openPublicSession(
  socket: ServerSocket,
  lane: string,
  context: SessionContext,
  onEnd: () => void,
): OpenSession {
  const { feed } = context;
  const channels = new Set<string>();
  const sendText = (text: string): void => session.sendText(text);
  const onMessage = (message: Row): void => {
    const { type } = message;
    if (type !== "subscribe" && type !== "unsubscribe") {
      return session.error("INVALID_MESSAGE_TYPE", `invalid type:${String(type).slice(0, 40)}`);
    }
    const parsed = v.safeParse(channelSchema, message);
    if (!parsed.success) return session.error("UNRECOGNIZED_MESSAGE", "channel is missing");
    const { channel } = parsed.output;
    if (type === "unsubscribe") {
      if (channels.delete(channel)) feed.unsubscribe(channel, sendText);
      return session.send({ type: "unsubscribed", channel });
    }
    const fault = feed.faultOf(channel);
    if (fault !== undefined) return session.error(fault.code, fault.msg);
    if (channels.size >= maxChannels) return session.error("GATEWAY_ERROR", "too many channels");
    session.send({ type: "subscribed", channel });
    if (channels.has(channel)) return;
    channels.add(channel);
    feed.subscribe(channel, sendText);
  };
  const session = new Session(socket, lane, context, onMessage, () => {
    for (const channel of channels) feed.unsubscribe(channel, sendText);
    onEnd();
  });
  return session;
}

/** News of the account that belong into one event. */
interface Batch {
  readonly orders: Map<string, Row>;
  readonly fills: Row[];
  readonly symbols: Set<string>;
  hasCollateral: boolean;
}

const emptyBatch = (): Batch => ({
  orders: new Map(),
  fills: [],
  symbols: new Set(),
  hasCollateral: false,
});

/** The account's connection: a snapshot, then what changes, gathered from one turn into one event. */
export class PrivateSession implements OpenSession {
  readonly #session: Session;
  readonly #context: SessionContext;
  /** Orders that were told in full. */
  readonly #told = new Set<string>();
  #batch: Batch | undefined;
  /** Number of the newest funding payment that was told. */
  #toldPayment: number;
  #version = 900;

  constructor(socket: ServerSocket, lane: string, context: SessionContext, onEnd: () => void) {
    this.#context = context;
    this.#toldPayment = context.history.newestPayment(context.accountId);
    this.#session = new Session(
      socket,
      lane,
      context,
      ({ type }) => this.#session.error("INVALID_MESSAGE_TYPE", `invalid type:${String(type).slice(0, 40)}`),
      onEnd,
    );
    this.#session.stops.push(context.venue.subscribe((event) => this.#onVenueEvent(event)));
    this.#sendSnapshot();
  }

  close(): void {
    this.#session.close();
  }

  /** An order that waits for a price was placed, or taken back. */
  onTrigger(trigger: TriggerOrder): void {
    this.#gather().orders.set(trigger.id, this.#context.entry.row(trigger));
  }

  #sendSnapshot(): void {
    const { accountId, credentials, entry, venue } = this.#context;
    const order = entry.active().map((one) => entry.row(one));
    for (const { id } of order) this.#told.add(String(id));
    this.#push("Snapshot", {
      account: [{ id: credentials["EDGEX_ACCOUNT_ID"], clientAccountId: "main", status: "NORMAL" }],
      collateral: [collateralRow(venue, venue.account(accountId))],
      position: venue.positions(accountId).filter(({ positionLots }) => positionLots !== 0).map(positionRow),
      order,
    });
  }

  #onVenueEvent(event: SimulatedEvent): void {
    const { accountId, entry } = this.#context;
    if (event.kind === "fill" && event.fill.accountId === accountId) {
      this.#gather().fills.push(pushedFillRow(fillRow(event.fill, entry.orderIdOf(event.fill))));
    }
    if (event.kind === "order" && event.order.accountId === accountId && entry.isOnWire(event.order)) {
      const found = entry.wire(event.order);
      this.#gather().orders.set(found.id, entry.row(found));
    }
    if (event.kind === "position" && event.position.accountId === accountId) {
      this.#gather().symbols.add(event.position.symbol);
    }
    // Open orders bind margin, which is no change of collateral.
    if (event.kind === "account" && event.account.accountId === accountId && this.#batch !== undefined) {
      this.#batch.hasCollateral ||= this.#batch.symbols.size > 0;
    }
  }

  /** What is told together: sent when this turn is over. */
  #gather(): Batch {
    if (this.#batch !== undefined) return this.#batch;
    this.#batch = emptyBatch();
    this.#session.stops.push(this.#context.venue.clock.schedule(0, () => this.#flush()));
    return this.#batch;
  }

  #flush(): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    this.#batch = undefined;
    const { accountId, history, venue } = this.#context;
    const transactions = history.fundingTransactions(accountId, this.#toldPayment);
    this.#toldPayment = history.newestPayment(accountId);
    const orders = [...batch.orders.values()].map((row) => {
      const id = String(row["id"]);
      if (this.#told.has(id)) return orderChangeRow(row);
      this.#told.add(id);
      return row;
    });
    const positions = venue.positions(accountId).filter(({ symbol }) => batch.symbols.has(symbol));
    const group = (name: string, rows: readonly Row[]): Row => (rows.length === 0 ? {} : { [name]: rows });
    this.#push(transactions.length > 0 ? "FUNDING_SETTLEMENT" : "ORDER_UPDATE", {
      ...group("order", orders),
      ...group("orderFillTransaction", batch.fills),
      ...group("position", positions.map(positionRow)),
      ...group("positionTransaction", transactions),
      ...(batch.hasCollateral ? group("collateral", [collateralRow(venue, venue.account(accountId))]) : {}),
    });
  }

  #push(event: string, data: Row): void {
    const { faults, venue } = this.#context;
    this.#version += 3; // other accounts' events count too
    const content = {
      event,
      version: this.#version,
      time: Math.floor(venue.clock.nowMs()),
      accountId: 0,
      data,
    };
    const text = JSON.stringify({ type: "trade-event", content });
    // A connection begins with its snapshot, or it is none.
    const copies = event === "Snapshot" ? 1 : faults.privateCopies();
    for (let copy = copies; copy > 0; copy--) this.#session.sendText(text);
  }
}
