/** WebSocket sessions of the simulated Paradex: JSON-RPC in text, public channels in binary (paradex.md, section 5). */
import { isRecord } from "@berth/sdk/venue/json_values.ts";
import * as v from "valibot";
import type { Faults } from "../../simulation/faults.ts";
import type { SimulatedEvent, SimulatedVenue } from "../../simulation/ports.ts";
import type { ServerSocket } from "../../simulation/sockets.ts";
import type { Accounts } from "./accounts.ts";
import type { OrderRules } from "./order_rules.ts";
import { privateFrame } from "./private_frames.ts";
import {
  parsePublicChannel,
  type PublicChannel,
  type PublicFeed,
  type PublicSubscriber,
} from "./public_feed.ts";
import {
  accountRow,
  fillRow,
  orderRow,
  placedRow,
  positionRow,
  type RowContext,
  toJson,
  triggerRow,
} from "./rows.ts";
import { listingOf, listingOfSymbol } from "./listing.ts";
import { encodeHeartbeat, type SbeVersion } from "./sbe_encoder.ts";
import type { FundingPayments } from "./funding_payments.ts";
import type { OrderBudget } from "./order_budget.ts";

/** How long a connection may live without a subscription; the venue's own time is not published. */
const idleGraceMs = 30_000;
const maxQueuedBytes = 8 << 20;

const requestSchema = v.looseObject({
  jsonrpc: v.literal("2.0"),
  method: v.string(),
  params: v.optional(v.union([v.record(v.string(), v.unknown()), v.array(v.unknown())]), {}),
  id: v.optional(v.union([v.number(), v.string()])),
});
type Request = v.InferOutput<typeof requestSchema>;
type RequestId = Request["id"];

interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: string;
}

export interface SessionContext {
  readonly venue: SimulatedVenue;
  readonly accountId: string;
  readonly accounts: Accounts;
  readonly rules: OrderRules;
  readonly feed: PublicFeed;
  readonly faults: Faults;
  readonly rows: RowContext;
  readonly budget: OrderBudget;
  readonly payments: FundingPayments;
}

const privateTopics: readonly string[] = [
  "orders",
  "fills",
  "positions",
  "account",
  "balance_events",
  "funding_payments",
  // Nothing of these happens here: they are acknowledged and stay silent.
  "transaction",
  "transfers",
  "tradebusts",
  "block_trades",
  "rfq",
];
const invalidSubscribe = (data: string): RpcError => ({
  code: -32600,
  message: "invalid subscribe request",
  data,
});

export class Session {
  readonly #socket: ServerSocket;
  readonly #version: SbeVersion | undefined;
  readonly #context: SessionContext;
  readonly #lane: string;
  readonly #onEnd: () => void;
  readonly #public = new Map<
    string,
    { readonly channel: PublicChannel; readonly subscriber: PublicSubscriber }
  >();
  readonly #private = new Set<string>();
  readonly #ownOrders = new Set<string>();
  readonly #stops: (() => void)[] = [];
  #held: (string | Uint8Array<ArrayBuffer>)[] | undefined;
  #isAuthenticated = false;
  #canTrade = false;
  #cancelsOnDisconnect = false;
  #tsIdleMs: number;
  #tsLastBinaryMs: number;

  /** @param version negotiated schema version, undefined when the client asked for none */
  constructor(
    socket: ServerSocket,
    version: SbeVersion | undefined,
    lane: string,
    context: SessionContext,
    onEnd: () => void,
  ) {
    this.#socket = socket;
    this.#version = version;
    this.#lane = lane;
    this.#context = context;
    this.#onEnd = onEnd;
    this.#tsIdleMs = context.venue.clock.nowMs();
    this.#tsLastBinaryMs = this.#tsIdleMs;
    socket.listen({ onMessage: (data) => this.#onMessage(data), onClose: () => this.close() });
    this.#stops.push(
      context.venue.subscribe((event) => this.#onVenueEvent(event)),
      context.rules.onTrigger((order) =>
        this.#push(
          "orders",
          listingOfSymbol(order.request.symbol).market,
          () => triggerRow(order, context.rows),
        )
      ),
      context.payments.onPayment((payment) =>
        this.#push("funding_payments", payment.market, () => ({ ...payment }))
      ),
    );
    this.#watch();
    const cutMs = context.faults.nextDisconnectMs();
    if (cutMs !== undefined) {
      this.#stops.push(context.venue.clock.schedule(cutMs, () => socket.close(4000, "simulated disconnect")));
    }
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
    for (const { channel, subscriber } of this.#public.values()) {
      this.#context.feed.unsubscribe(channel, subscriber);
    }
    this.#public.clear();
    this.#private.clear();
    this.#context.faults.forget(this.#lane);
    if (this.#cancelsOnDisconnect) {
      for (const id of this.#ownOrders) {
        this.#context.rules.cancel({ id }, "disconnect");
      }
    }
    this.#ownOrders.clear();
    if (this.#socket.isOpen) this.#socket.close();
    this.#onEnd();
  }

  /** Ends connections without a subscription, drops readers that fall far behind, and keeps quiet ones warm. */
  #watch(): void {
    const { clock } = this.#context.venue;
    this.#stops.push(clock.schedule(1_000, () => {
      const nowMs = clock.nowMs();
      if (this.#public.size + this.#private.size > 0) this.#tsIdleMs = nowMs;
      if (nowMs - this.#tsIdleMs > idleGraceMs) return this.#socket.close(4031, "no active subscription");
      if (this.#socket.queuedBytes > maxQueuedBytes) return this.#socket.close(4000, "slow consumer");
      if (this.#version !== undefined && nowMs - this.#tsLastBinaryMs > 20_000) {
        this.#sendBinary(encodeHeartbeat(this.#version, BigInt(Math.round(nowMs)) * 1_000n));
      }
      this.#watch();
    }));
  }

  #sendText(text: string): void {
    this.#context.faults.delayed(this.#lane, () => {
      if (this.#socket.isOpen) this.#socket.send(text);
    });
  }

  #sendBinary(frame: Uint8Array<ArrayBuffer>): void {
    this.#tsLastBinaryMs = this.#context.venue.clock.nowMs();
    this.#context.faults.delayed(this.#lane, () => {
      if (this.#socket.isOpen) this.#socket.send(frame);
    });
  }

  #send(message: string | Uint8Array<ArrayBuffer>): void {
    if (typeof message === "string") this.#sendText(message);
    else this.#sendBinary(message);
  }

  #reply(id: RequestId, body: { readonly result: unknown } | { readonly error: RpcError }): void {
    const nowUs = BigInt(Math.round(this.#context.venue.clock.nowMs() * 1_000));
    this.#sendText(
      toJson({ jsonrpc: "2.0", id, ...body, usIn: nowUs, usDiff: 37, usOut: nowUs + 37n }) + "\n",
    );
  }

  #fail(id: RequestId, error: RpcError): void {
    this.#reply(id, { error });
  }

  #onMessage(data: unknown): void {
    let found: unknown;
    try {
      found = typeof data === "string" ? JSON.parse(data) : undefined;
    } catch {
      return this.#fail(undefined, { code: -32700, message: "parse error" });
    }
    const parsed = v.safeParse(requestSchema, found);
    if (!parsed.success) return this.#fail(undefined, { code: -32600, message: "invalid request" });
    const request = parsed.output;
    if (request.method.startsWith("order.")) return this.#order(request);
    const params = isRecord(request.params) ? request.params : {};
    switch (request.method) {
      case "auth":
        return this.#authenticate(request.id, params);
      case "subscribe":
        return this.#subscribe(request.id, String(params["channel"] ?? ""));
      case "unsubscribe":
        return this.#unsubscribe(request.id, String(params["channel"] ?? ""));
      default:
        return this.#fail(request.id, { code: -32601, message: "method does not exist" });
    }
  }

  #authenticate(id: RequestId, params: Readonly<Record<string, unknown>>): void {
    const bearer = params["bearer"];
    if (typeof bearer !== "string" || bearer.split(".").length !== 3) {
      return this.#fail(id, { code: 40110, message: "malformed bearer token" });
    }
    if (this.#context.accounts.checkToken(bearer, "GET") !== undefined) {
      return this.#fail(id, { code: 40111, message: "invalid bearer token" });
    }
    this.#isAuthenticated = true;
    this.#canTrade = this.#context.accounts.checkToken(bearer, "POST") === undefined;
    this.#reply(id, { result: { node_id: this.#lane.slice(3, 19) } });
  }

  #subscribe(id: RequestId, name: string): void {
    if (this.#public.has(name) || this.#private.has(name)) {
      return this.#fail(id, invalidSubscribe("already subscribed"));
    }
    const [topic = "", market] = name.split(".");
    if (privateTopics.includes(topic)) return this.#subscribePrivate(id, name, market);
    if (name.includes(".deltas@")) {
      return this.#fail(id, invalidSubscribe("no parameters expected for deltas topic."));
    }
    // The one public channel that is text. Listings don't change here: it is acknowledged and stays silent.
    if (
      topic === "markets" && (market === undefined || listingOf(this.#context.venue, market) !== undefined)
    ) {
      this.#private.add(name);
      return this.#reply(id, { result: { channel: name } });
    }
    const channel = parsePublicChannel(name, this.#context.venue);
    if (channel === undefined) return this.#fail(id, invalidSubscribe("invalid channel"));
    // What the venue does here on a connection without SBE is not documented; refusing is the safest reading.
    const version = this.#version;
    if (version === undefined) {
      return this.#fail(id, invalidSubscribe("public channels need sbeSchemaId and sbeSchemaVersion"));
    }
    const other = [...this.#public.keys()].find((known) => known.startsWith(`order_book.${market}.`));
    if (topic === "order_book" && other !== undefined) {
      return this.#fail(id, invalidSubscribe(`cannot share an SBE session with ${other}`));
    }
    const subscriber: PublicSubscriber = { version, send: (frame) => this.#sendBinary(frame) };
    this.#public.set(name, { channel, subscriber });
    this.#reply(id, { result: { channel: name } });
    this.#context.feed.subscribe(channel, subscriber);
  }

  #subscribePrivate(id: RequestId, name: string, market: string | undefined): void {
    if (!this.#isAuthenticated) {
      return this.#fail(id, { code: 40300, message: "permission denied, authentication required" });
    }
    const needsMarket = ["orders", "fills", "funding_payments"].includes(name.split(".")[0] ?? "");
    const isKnown = market === "ALL" ||
      (market !== undefined && listingOf(this.#context.venue, market) !== undefined);
    if (needsMarket ? !isKnown : market !== undefined) {
      return this.#fail(id, invalidSubscribe("invalid channel"));
    }
    this.#private.add(name);
    this.#reply(id, { result: { channel: name } });
  }

  #unsubscribe(id: RequestId, name: string): void {
    const found = this.#public.get(name);
    if (found === undefined && !this.#private.has(name)) {
      return this.#fail(id, { code: -32600, message: "invalid unsubscribe request", data: "not subscribed" });
    }
    if (found !== undefined) this.#context.feed.unsubscribe(found.channel, found.subscriber);
    this.#public.delete(name);
    this.#private.delete(name);
    this.#reply(id, { result: { channel: name } });
  }

  /** Order methods answer first; the pushes they cause follow. */
  #order(request: Request): void {
    if (!this.#isAuthenticated) {
      return this.#fail(request.id, { code: 40300, message: "permission denied, authentication required" });
    }
    if (!this.#canTrade) return this.#fail(request.id, { code: 40300, message: "permission denied" });
    const fate = this.#context.faults.requestFate();
    if (fate === "lose_request") return;
    if (fate === "rate_limit" || !this.#context.budget.admit()) {
      return this.#fail(request.id, { code: 42901, message: "rate limit exceeded" });
    }
    if (fate === "reject") return this.#fail(request.id, { code: -32603, message: "internal error" });
    this.#held = [];
    const answer = this.#actOn(request);
    const held = this.#held;
    this.#held = undefined;
    if (fate !== "lose_answer") this.#reply(request.id, answer);
    for (const message of held) this.#send(message);
  }

  #actOn(request: Request): { readonly result: unknown } | { readonly error: RpcError } {
    const params = isRecord(request.params) ? request.params : {};
    const list = (
      key: string,
    ): readonly unknown[] => (Array.isArray(request.params)
      ? request.params
      : Array.isArray(params[key])
      ? params[key]
      : []);
    switch (request.method) {
      case "order.create":
        return this.#create(params);
      case "order.create_batch":
        return this.#createBatch(list("orders"));
      case "order.modify": {
        const result = this.#context.rules.modify(params);
        return "order" in result
          ? { result: { order: orderRow(result.order, this.#context.rows) } }
          : failed(result);
      }
      case "order.cancel":
        return this.#cancel(params);
      case "order.cancel_batch":
        return { result: { results: list("order_ids").map((id) => this.#cancelOne(String(id))) } };
      case "order.cancel_all": {
        const market = typeof params["market"] === "string"
          ? listingOf(this.#context.venue, params["market"])
          : undefined;
        this.#context.rules.cancelAll(market?.simulated.symbol);
        return { result: { status: "ok" } };
      }
      case "order.cancel_on_disconnect":
        this.#cancelsOnDisconnect = params["enabled"] === true;
        return { result: { enabled: this.#cancelsOnDisconnect } };
      default:
        return { error: { code: -32601, message: "method does not exist" } };
    }
  }

  #create(params: unknown): { readonly result: unknown } | { readonly error: RpcError } {
    const checked = this.#context.rules.check(params);
    if ("error" in checked) return failed(checked);
    const placed = this.#context.rules.place(checked);
    const row = placedRow(placed, this.#context.rows);
    this.#ownOrders.add(String(row["id"]));
    const createdMs = Math.round(this.#context.venue.clock.nowMs());
    return { result: { order: row, created_at: createdMs, received_at: BigInt(createdMs) * 1_000_000n } };
  }

  /** All signatures are checked first; afterwards each order stands alone. */
  #createBatch(items: readonly unknown[]): { readonly result: unknown } | { readonly error: RpcError } {
    if (items.length < 1 || items.length > 10) {
      return { error: { code: 100, message: "BATCH_SIZE_OUT_OF_RANGE" } };
    }
    const checked = items.map((item) => this.#context.rules.check(item));
    const fault = checked.find((one) => "error" in one);
    if (fault !== undefined && "error" in fault) return failed(fault);
    const results = items.map((item) => {
      const answer = this.#create(item);
      return "result" in answer ? answer.result : { error: answer.error.message };
    });
    return { result: { results } };
  }

  #cancel(
    params: Readonly<Record<string, unknown>>,
  ): { readonly result: unknown } | { readonly error: RpcError } {
    const { id, client_id: clientId } = params;
    const key = typeof id === "string" ? { id } : typeof clientId === "string" ? { clientId } : undefined;
    if (key === undefined) return { error: { code: -32602, message: "invalid params" } };
    const end = this.#context.rules.cancel(key);
    if (end.kind === "not_found") {
      const message = "id" in key ? "ORDER_ID_NOT_FOUND" : "CLIENT_ORDER_ID_NOT_FOUND";
      return { error: { code: 100, message } };
    }
    if (end.kind === "already_done") return { error: { code: 100, message: "ORDER_IS_CLOSED" } };
    return { result: { order_id: end.id, status: "QUEUED_FOR_CANCELLATION" } };
  }

  #cancelOne(id: string): unknown {
    const end = this.#context.rules.cancel({ id });
    const status = end.kind === "cancelled"
      ? "QUEUED_FOR_CANCELLATION"
      : end.kind === "already_done"
      ? "ALREADY_CLOSED"
      : "NOT_FOUND";
    return { id, market: end.kind === "not_found" ? "" : end.market, status };
  }

  #onVenueEvent(event: SimulatedEvent): void {
    if (this.#private.size === 0) return;
    const { accountId, rows } = this.#context;
    if (event.kind === "order" && event.order.accountId === accountId) {
      this.#push("orders", listingOfSymbol(event.order.symbol).market, () => orderRow(event.order, rows));
    }
    if (event.kind === "fill" && event.fill.accountId === accountId) {
      this.#push("fills", listingOfSymbol(event.fill.symbol).market, () => fillRow(event.fill, rows));
    }
    if (event.kind === "position" && event.position.accountId === accountId) {
      this.#push("positions", undefined, () => positionRow(event.position, rows));
    }
    if (event.kind === "account" && event.account.accountId === accountId) {
      this.#push("account", undefined, () => accountRow(event.account, rows));
    }
  }

  #push(topic: string, market: string | undefined, row: () => Readonly<Record<string, unknown>>): void {
    const names = market === undefined ? [topic] : [`${topic}.${market}`, `${topic}.ALL`];
    for (const channel of names) {
      if (!this.#private.has(channel)) continue;
      const data = row();
      const frame = this.#version === 2 ? privateFrame(topic, data) : undefined;
      const message = frame ??
        toJson({ jsonrpc: "2.0", method: "subscription", params: { channel, data } });
      for (let copy = this.#context.faults.privateCopies(); copy > 0; copy--) {
        if (this.#held === undefined) this.#send(message);
        else this.#held.push(message);
      }
    }
  }
}

const failed = (
  fault: { readonly error: string; readonly message: string },
): { readonly error: RpcError } => ({
  error: { code: 100, message: fault.error, data: fault.message },
});
