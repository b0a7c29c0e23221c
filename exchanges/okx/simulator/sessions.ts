/** WebSocket sessions of the simulated OKX: login, subscriptions, private pushes, order entry (okx.md, section 3). */
import * as v from "valibot";
import type { Faults } from "../../simulation/faults.ts";
import type { SimulatedCredentials, SimulatedEvent, SimulatedVenue } from "../../simulation/ports.ts";
import type { ServerSocket } from "../../simulation/sockets.ts";
import { checkLogin } from "./authentication.ts";
import { listings } from "./listing.ts";
import type { AlgoOrders } from "./algo_orders.ts";
import type { History } from "./history.ts";
import type { Fields, ItemAnswer, OrderEntry } from "./order_entry.ts";
import { type PublicArgument, publicChannels, type PublicFeed } from "./public_feed.ts";
import type { RateLimits } from "./rate_limits.ts";
import { statusRow } from "./maintenance.ts";
import type { PositionMode } from "./position_mode.ts";
import { accountRow, orderRow, positionRows } from "./rows.ts";

export type SessionPath = "public" | "private" | "business";

/** A connection without any frame for this long is closed by the venue. */
const idleLimitMs = 30_000;
/** A restart is announced this long before; some connections are lost without a word all the same. */
const noticeMs = 60_000;
const isAnnounced = (connId: string): boolean => parseInt(connId, 16) % 2 === 0;
/** Subscribe, unsubscribe and login operations per connection and hour. */
const maxOperationsPerHour = 480;
const privateChannels: readonly string[] = ["orders", "positions", "account", "balance_and_position"];
/** Public ones of the business path, and the one that needs a login. */
const businessChannels: readonly string[] = ["trades-all", "orders-algo"];
const loginChannels: readonly string[] = [...privateChannels, "orders-algo"];
/** About no single instrument. */
const venueChannels: readonly string[] = ["status", "instruments"];

const argumentSchema = v.looseObject({
  channel: v.string(),
  instId: v.optional(v.string()),
  instType: v.optional(v.string()),
});
const loginSchema = v.object({
  apiKey: v.string(),
  passphrase: v.string(),
  timestamp: v.string(),
  sign: v.string(),
});
const requestSchema = v.looseObject({
  id: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9]{1,32}$/))),
  op: v.string(),
  args: v.array(v.record(v.string(), v.unknown())),
});
type Request = v.InferOutput<typeof requestSchema>;

/** What the sessions of one simulator share. */
export interface SessionContext {
  readonly venue: SimulatedVenue;
  readonly accountId: string;
  readonly credentials: SimulatedCredentials;
  readonly entry: OrderEntry;
  readonly feed: PublicFeed;
  readonly limits: RateLimits;
  readonly faults: Faults;
  readonly history: History;
  readonly positions: PositionMode;
  readonly algos: AlgoOrders;
}

const orderOperations: Readonly<
  Record<string, { readonly act: "place" | "cancel" | "amend"; readonly limit: number; readonly max: number }>
> = {
  "order": { act: "place", limit: 60, max: 1 },
  "batch-orders": { act: "place", limit: 300, max: 20 },
  "cancel-order": { act: "cancel", limit: 60, max: 1 },
  "batch-cancel-orders": { act: "cancel", limit: 300, max: 20 },
  "amend-order": { act: "amend", limit: 60, max: 1 },
  "batch-amend-orders": { act: "amend", limit: 300, max: 20 },
};

export class Session {
  readonly #socket: ServerSocket;
  readonly #path: SessionPath;
  readonly #context: SessionContext;
  readonly #connId: string;
  readonly #onEnd: () => void;
  readonly #lane: string;
  readonly #publicArguments: PublicArgument[] = [];
  readonly #privateSubscriptions = new Map<string, Fields>();
  readonly #venueSubscriptions = new Map<string, Fields>();
  readonly #stops: (() => void)[] = [];
  readonly #sendPublic = (text: string): void => this.#send(text);
  #stopWatch = (): void => {};
  #held: string[] | undefined;
  #isLoggedIn = false;
  #operations = 0;
  #tsLastFrameMs: number;

  constructor(
    socket: ServerSocket,
    path: SessionPath,
    connId: string,
    context: SessionContext,
    onEnd: () => void,
  ) {
    this.#socket = socket;
    this.#path = path;
    this.#context = context;
    this.#connId = connId;
    this.#onEnd = onEnd;
    this.#lane = `${path}-${connId}`;
    this.#tsLastFrameMs = context.venue.clock.nowMs();
    socket.listen({ onMessage: (data) => this.#onMessage(data), onClose: () => this.close() });
    this.#stops.push(context.venue.subscribe((event) => this.#onVenueEvent(event)));
    this.#stops.push(context.algos.subscribe((row) => this.#pushPrivate("orders-algo", [row])));
    this.#watchIdle();
    const cutMs = context.faults.nextDisconnectMs();
    if (cutMs !== undefined) {
      this.#stops.push(
        context.venue.clock.schedule(cutMs, () => this.#socket.close(4000, "simulated disconnect")),
      );
      if (cutMs > noticeMs && isAnnounced(connId)) {
        this.#stops.push(context.venue.clock.schedule(cutMs - noticeMs, () => this.#announceRestart()));
      }
    }
  }

  close(): void {
    this.#stopWatch();
    for (const stop of this.#stops.splice(0)) stop();
    for (const argument of this.#publicArguments.splice(0)) {
      this.#context.feed.unsubscribe(argument, this.#sendPublic);
    }
    this.#privateSubscriptions.clear();
    this.#context.faults.forget(this.#lane);
    if (this.#socket.isOpen) this.#socket.close();
    this.#onEnd();
  }

  #announceRestart(): void {
    const msg = "The connection will soon be closed for a service upgrade. Please reconnect.";
    this.#sendJson({ event: "notice", code: "64008", msg, connId: this.#connId });
  }

  #watchIdle(): void {
    const { clock } = this.#context.venue;
    this.#stopWatch = clock.schedule(1_000, () => {
      if (clock.nowMs() - this.#tsLastFrameMs > idleLimitMs) {
        this.#socket.close(4004, "No data received in 30s.");
      } else this.#watchIdle();
    });
  }

  #send(text: string): void {
    this.#tsLastFrameMs = this.#context.venue.clock.nowMs();
    this.#context.faults.delayed(this.#lane, () => {
      if (this.#socket.isOpen) this.#socket.send(text);
    });
  }

  #sendJson(message: unknown): void {
    this.#send(JSON.stringify(message));
  }

  #error(code: string, msg: string, id?: string): void {
    this.#sendJson({ ...(id === undefined ? {} : { id }), event: "error", code, msg, connId: this.#connId });
  }

  #onMessage(data: unknown): void {
    this.#tsLastFrameMs = this.#context.venue.clock.nowMs();
    if (data === "ping") return this.#send("pong");
    if (typeof data !== "string" || data.length > 65_536) {
      return this.#error("60012", "Invalid request: too large");
    }
    let found: unknown;
    try {
      found = JSON.parse(data);
    } catch {
      return this.#error("60012", `Invalid request: ${data.slice(0, 100)}`);
    }
    const parsed = v.safeParse(requestSchema, found);
    if (!parsed.success) return this.#error("60012", `Invalid request: ${data.slice(0, 100)}`);
    this.#handle(parsed.output);
  }

  #handle(request: Request): void {
    if (orderOperations[request.op] !== undefined) return this.#order(request);
    this.#operations += 1;
    if (this.#operations > maxOperationsPerHour) {
      return this.#error("60014", "Requests too frequent", request.id);
    }
    switch (request.op) {
      case "login":
        return this.#login(request);
      case "subscribe":
        return request.args.forEach((argument) => this.#subscribe(argument, request.id));
      case "unsubscribe":
        return request.args.forEach((argument) => this.#unsubscribe(argument, request.id));
      default:
        return this.#error("60012", `Invalid request: unknown op ${request.op.slice(0, 40)}`, request.id);
    }
  }

  #login(request: Request): void {
    const login = v.safeParse(loginSchema, request.args[0]);
    if (!login.success) return this.#error("60009", "Login failed.");
    const fault = checkLogin(this.#context.credentials, login.output, this.#context.venue.clock.nowMs());
    if (fault !== undefined) return this.#error(fault.code, fault.msg);
    this.#isLoggedIn = true;
    this.#sendJson({ event: "login", code: "0", msg: "", connId: this.#connId });
  }

  #subscribe(found: Fields, id: string | undefined): void {
    const parsed = v.safeParse(argumentSchema, found);
    if (!parsed.success) return this.#error("60012", "Invalid request: args", id);
    const { channel, instId = "" } = parsed.output;
    const wrongPath = this.#wrongPath(channel);
    if (wrongPath !== undefined) {
      return this.#error(
        wrongPath,
        `Wrong URL or channel:${channel},instId:${instId} doesn't exist. Please use the correct URL, channel and parameters referring to API document.`,
        id,
      );
    }
    if (loginChannels.includes(channel)) return this.#subscribePrivate(channel, found, id);
    if (venueChannels.includes(channel)) {
      this.#acknowledge("subscribe", found, id);
      this.#venueSubscriptions.set(channel, found);
      return;
    }
    const argument = { channel, instId };
    if (!this.#context.feed.knows(argument)) {
      return this.#error(
        "60018",
        `Wrong URL or channel:${channel},instId:${instId} doesn't exist. Please use the correct URL, channel and parameters referring to API document.`,
        id,
      );
    }
    this.#acknowledge("subscribe", found, id);
    if (this.#publicArguments.some((other) => other.channel === channel && other.instId === instId)) return;
    this.#publicArguments.push(argument);
    this.#context.feed.subscribe(argument, this.#sendPublic);
  }

  /** The error code of a channel that does not belong to this path. */
  #wrongPath(channel: string): string | undefined {
    const own = this.#path === "public"
      ? [...publicChannels, ...venueChannels]
      : this.#path === "private"
      ? privateChannels
      : businessChannels;
    if (own.includes(channel)) return undefined;
    return "60018";
  }

  #subscribePrivate(channel: string, argument: Fields, id: string | undefined): void {
    if (!this.#isLoggedIn) return this.#error("60011", "Please log in", id);
    this.#acknowledge("subscribe", argument, id);
    this.#privateSubscriptions.set(channel, argument);
    if (channel === "positions") this.#pushPrivate("positions", this.#positionRows());
    if (channel === "account") this.#pushPrivate("account", [this.#accountData()]);
  }

  #unsubscribe(argument: Fields, id: string | undefined): void {
    const parsed = v.safeParse(argumentSchema, argument);
    if (!parsed.success) return this.#error("60012", "Invalid request: args", id);
    const { channel, instId = "" } = parsed.output;
    const at = this.#publicArguments.findIndex((other) =>
      other.channel === channel && other.instId === instId
    );
    if (at >= 0) {
      this.#publicArguments.splice(at, 1);
      this.#context.feed.unsubscribe({ channel, instId }, this.#sendPublic);
    }
    this.#privateSubscriptions.delete(channel);
    this.#venueSubscriptions.delete(channel);
    this.#acknowledge("unsubscribe", argument, id);
  }

  #acknowledge(event: string, arg: Fields, id: string | undefined): void {
    this.#sendJson({ ...(id === undefined ? {} : { id }), event, arg, connId: this.#connId });
  }

  #order(request: Request): void {
    const operation = orderOperations[request.op];
    if (operation === undefined) return;
    if (this.#path !== "private" || !this.#isLoggedIn) {
      return this.#error("60011", "Please log in", request.id);
    }
    const inTime = String(Math.round(this.#context.venue.clock.nowMs() * 1000));
    const reply = (code: string, msg: string, data: readonly ItemAnswer[]): void =>
      this.#sendJson({
        id: request.id,
        op: request.op,
        code,
        msg,
        data,
        inTime,
        outTime: String(Math.round(this.#context.venue.clock.nowMs() * 1000)),
      });
    if (request.args.length === 0 || request.args.length > operation.max) {
      return reply("60012", "Invalid request: args", []);
    }
    const fate = this.#context.faults.requestFate();
    if (fate === "lose_request") return;
    const isAdmitted = this.#context.limits.admit(
      `${operation.act}/${request.op}`,
      operation.limit,
      request.args.length,
    );
    if (!isAdmitted || fate === "rate_limit") {
      return reply(
        "50011",
        "Rate limit reached. Please refer to API documentation and throttle requests accordingly.",
        [],
      );
    }
    if (fate === "reject") return reply("50026", "System error, please try again later.", []);
    // The answer leaves before the pushes that the request causes, as it does at the venue.
    this.#held = [];
    const data = request.args.map((fields) => this.#context.entry[operation.act](fields, true));
    const held = this.#held;
    this.#held = undefined;
    const failed = data.filter((item) => item.sCode !== "0").length;
    if (fate !== "lose_answer") reply(failed === 0 ? "0" : failed === data.length ? "1" : "2", "", data);
    for (const text of held) this.#send(text);
  }

  #onVenueEvent(event: SimulatedEvent): void {
    const { accountId, positions, venue } = this.#context;
    if (event.kind === "maintenance" && this.#venueSubscriptions.has("status")) {
      const row = statusRow(event.isOn, venue.clock.nowMs());
      this.#sendJson({ arg: { channel: "status" }, data: [row] });
    }
    if (this.#privateSubscriptions.size === 0) return;
    if (event.kind === "fill" && event.fill.accountId === accountId) {
      this.#pushPrivate("orders", [
        orderRow(event.order, { fills: venue.fills(accountId), positions }, event.fill),
      ]);
    }
    if (event.kind === "order" && event.order.accountId === accountId) {
      const { order } = event;
      // A fill's own push says all of its order; a refused order that was never acknowledged says nothing.
      const isToldByFill = order.filledLots > 0 && (order.status === "open" || order.status === "filled") &&
        order.tsUpdatedMs >= 0;
      const isSilent = order.status === "rejected" &&
        !["post_only_would_cross", "fok_not_filled"].includes(order.refusal ?? "");
      if (!isToldByFill && !isSilent) {
        this.#pushPrivate("orders", [orderRow(order, { fills: venue.fills(accountId), positions })]);
      }
    }
    if (event.kind === "position" && event.position.accountId === accountId) {
      this.#pushPrivate("positions", positionRows(event.position, venue, positions));
    }
    if (event.kind === "account" && event.account.accountId === accountId) {
      this.#pushPrivate("account", [this.#accountData()]);
    }
  }

  #pushPrivate(channel: string, data: readonly unknown[]): void {
    const arg = this.#privateSubscriptions.get(channel);
    if (arg === undefined) return;
    const text = JSON.stringify({ arg: { ...arg, uid: "614488474791936" }, data });
    for (let copy = this.#context.faults.privateCopies(); copy > 0; copy--) {
      if (this.#held === undefined) this.#send(text);
      else this.#held.push(text);
    }
  }

  #positionRows(): readonly unknown[] {
    const { venue, accountId, positions } = this.#context;
    return venue.positions(accountId).flatMap((position) => positionRows(position, venue, positions))
      .filter(({ pos }) => pos !== "0");
  }

  #accountData(): unknown {
    const { venue, accountId } = this.#context;
    return accountRow(venue.account(accountId), venue.clock.nowMs());
  }
}

/** Instruments that the simulation lists, for the routes. */
export const listedInstruments = (venue: SimulatedVenue) =>
  listings.filter((one) => venue.instrument(one.simulated.symbol) !== undefined);
