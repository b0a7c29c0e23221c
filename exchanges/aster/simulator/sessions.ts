/**
 * One WebSocket of the simulated Aster: public streams by name, raw or wrapped, and the account's stream at the address
 * that its listen key is.
 */
import * as v from "valibot";
import type { Faults } from "../../simulation/faults.ts";
import type {
  SimulatedEvent,
  SimulatedFill,
  SimulatedPosition,
  SimulatedVenue,
} from "../../simulation/ports.ts";
import type { ServerSocket } from "../../simulation/sockets.ts";
import { wholeMs } from "./listing.ts";
import type { ListenKeys } from "./listen_keys.ts";
import type { Orders } from "./orders.ts";
import { expiringRefusals } from "./order_entry.ts";
import type { PublicFeed } from "./public_feed.ts";
import { accountEvent, orderEvent, type OrderFacts } from "./rows.ts";

type Row = Readonly<Record<string, unknown>>;

const maxStreams = 200;
const maxMessagesPerSecond = 10;
const longestMs = 24 * 3_600_000;

const requestSchema = v.strictObject({
  method: v.picklist(["SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY"]),
  params: v.optional(v.array(v.union([v.string(), v.boolean()]))),
  id: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
});

/** What the sessions of one simulator share. */
export interface SessionContext {
  readonly venue: SimulatedVenue;
  readonly accountId: string;
  readonly orders: Orders;
  readonly feed: PublicFeed;
  readonly keys: ListenKeys;
  readonly faults: Faults;
}

export interface SessionAddress {
  /** Behind `/ws/`, or those of `?streams=`. */
  readonly names: readonly string[];
  readonly isCombined: boolean;
}

export class Session {
  readonly #socket: ServerSocket;
  readonly #context: SessionContext;
  readonly #onEnd: () => void;
  readonly #lane: string;
  readonly #streams = new Set<string>();
  readonly #stops: (() => void)[] = [];
  readonly #onStream = (stream: string, data: string): void =>
    this.#send(this.#isCombined ? `{"stream":"${stream}","data":${data}}` : data);
  #isCombined: boolean;
  /** Undefined on a session without the account's stream. */
  #listenKey: string | undefined;
  #messageTimesMs: number[] = [];

  constructor(
    socket: ServerSocket,
    { isCombined, names }: SessionAddress,
    number: number,
    context: SessionContext,
    onEnd: () => void,
  ) {
    this.#socket = socket;
    this.#context = context;
    this.#onEnd = onEnd;
    this.#lane = `socket-${number}`;
    this.#isCombined = isCombined;
    const { clock } = context.venue;
    socket.listen({ onMessage: (data) => this.#onMessage(data), onClose: () => this.close() });
    for (const name of names) this.#add(name);
    this.#stops.push(clock.schedule(longestMs, () => socket.close(1001, "24 hours")));
    const cutMs = context.faults.nextDisconnectMs();
    if (cutMs !== undefined) {
      this.#stops.push(clock.schedule(cutMs, () => socket.close(4000, "simulated disconnect")));
    }
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
    for (const stream of this.#streams) this.#context.feed.unsubscribe(stream, this.#onStream);
    this.#streams.clear();
    this.#listenKey = undefined;
    this.#context.faults.forget(this.#lane);
    if (this.#socket.isOpen) this.#socket.close();
    this.#onEnd();
  }

  /** Nothing of the account follows it. */
  onKeyExpired(key: string): void {
    if (this.#listenKey !== key) return;
    this.#sendJson({ e: "listenKeyExpired", E: wholeMs(this.#context.venue.clock.nowMs()) });
    this.#listenKey = undefined;
  }

  /** An event of the account. */
  push(event: Row): void {
    if (this.#listenKey === undefined) return;
    for (let copy = this.#context.faults.privateCopies(); copy > 0; copy--) this.#sendJson(event);
  }

  #add(name: string): void {
    if (this.#context.keys.isActive(name)) {
      this.#listenKey = name;
      return;
    }
    this.#streams.add(name);
    this.#context.feed.subscribe(name, this.#onStream);
  }

  #send(text: string): void {
    this.#context.faults.delayed(this.#lane, () => {
      if (this.#socket.isOpen) this.#socket.send(text);
    });
  }

  #sendJson(message: unknown): void {
    this.#send(JSON.stringify(message));
  }

  #error(code: number, msg: string): void {
    this.#sendJson({ code, msg });
  }

  #onMessage(data: unknown): void {
    const nowMs = this.#context.venue.clock.nowMs();
    this.#messageTimesMs = [...this.#messageTimesMs.filter((tsMs) => tsMs > nowMs - 1_000), nowMs];
    if (this.#messageTimesMs.length > maxMessagesPerSecond) {
      return this.#socket.close(1008, "Too many requests");
    }
    let found: unknown;
    try {
      found = JSON.parse(String(data));
    } catch {
      return this.#error(3, "Invalid JSON: expected value at line 1 column 1");
    }
    const parsed = v.safeParse(requestSchema, found);
    if (!parsed.success) {
      const path = v.getDotPath(parsed.issues[0]);
      return this.#error(
        2,
        path === "id"
          ? "Invalid request: request ID must be an unsigned integer"
          : `Invalid request: ${path ?? "the message"} can't be read`,
      );
    }
    this.#handle(parsed.output);
  }

  #handle({ id, method, params = [] }: v.InferOutput<typeof requestSchema>): void {
    const names = params.filter((name) => typeof name === "string");
    switch (method) {
      case "SUBSCRIBE":
        if (new Set([...this.#streams, ...names]).size > maxStreams) {
          return this.#error(2, "Invalid request: too many parameters");
        }
        for (const name of names) this.#add(name);
        return this.#sendJson({ result: null, id });
      case "UNSUBSCRIBE":
        for (const name of names) {
          this.#streams.delete(name);
          this.#context.feed.unsubscribe(name, this.#onStream);
        }
        return this.#sendJson({ result: null, id });
      case "LIST_SUBSCRIPTIONS":
        return this.#sendJson({ result: [...this.#streams], id });
      case "SET_PROPERTY":
        if (params[0] !== "combined") return this.#error(0, "Unknown property");
        if (typeof params[1] !== "boolean") {
          return this.#error(1, "Invalid value type: expected Boolean");
        }
        this.#isCombined = params[1];
        return this.#sendJson({ result: null, id });
      case "GET_PROPERTY":
        return this.#sendJson({ result: this.#isCombined, id });
      default:
        return method satisfies never;
    }
  }
}

/** Tells the account's events, each once, to whoever listens. */
export class AccountEvents {
  readonly #context: SessionContext;
  readonly #push: (event: Row) => void;
  readonly #stops: readonly (() => void)[];
  /** By number what was told of an order: the engine says more often that it stands. */
  readonly #told = new Map<string, string>();
  readonly #fundingPaid = new Map<string, bigint>();

  constructor(context: SessionContext, push: (event: Row) => void) {
    this.#context = context;
    this.#push = push;
    this.#stops = [
      context.venue.subscribe((event) => this.#onVenueEvent(event)),
      context.orders.subscribe((facts) => this.#tell(facts, undefined)),
    ];
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  #onVenueEvent(event: SimulatedEvent): void {
    const { accountId, orders } = this.#context;
    if (event.kind === "fill" && event.fill.accountId === accountId) {
      this.#tell(orders.factsOf(event.order), event.fill);
    }
    if (event.kind === "order" && event.order.accountId === accountId) {
      const { order } = event;
      // What is refused at the door was never acknowledged.
      const isSilent = order.status === "rejected" && !expiringRefusals.has(order.refusal ?? "maintenance");
      if (!isSilent) this.#tell(orders.factsOf(order), undefined);
    }
    if (event.kind === "position" && event.position.accountId === accountId) this.#onPosition(event.position);
  }

  #tell(facts: OrderFacts, fill: SimulatedFill | undefined): void {
    const { filledLots, limitPriceTicks, number, sizeLots, status, type } = facts;
    const state = [status, type, sizeLots, filledLots, limitPriceTicks].join();
    if (fill === undefined && this.#told.get(number) === state) return;
    this.#told.set(number, state);
    this.#push(orderEvent(facts, fill, this.#context.venue.clock.nowMs()));
    if (status !== "NEW" && status !== "PARTIALLY_FILLED" && facts.type === facts.origType) {
      this.#told.delete(number);
    }
  }

  #onPosition(position: SimulatedPosition): void {
    const { accountId, venue } = this.#context;
    const before = this.#fundingPaid.get(position.symbol) ?? 0n;
    this.#fundingPaid.set(position.symbol, position.fundingPaid);
    const isFunding = position.fundingPaid !== before;
    const balanceChange = before - position.fundingPaid;
    this.#push(accountEvent(position, venue, venue.account(accountId), { isFunding, balanceChange }));
  }
}
