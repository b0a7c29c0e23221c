/** WebSocket sessions of the simulated Hyperliquid: subscriptions, account channels, posts. */
import * as v from "valibot";
import type { Faults } from "../../simulation/faults.ts";
import type { SimulatedEvent, SimulatedVenue } from "../../simulation/ports.ts";
import type { ServerSocket } from "../../simulation/sockets.ts";
import { addressSchema } from "./actions.ts";
import type { ExchangeDesk } from "./exchange_desk.ts";
import { type Gateway, type Reply, weightOf } from "./gateway.ts";
import { type InfoDesk, weightOfInfo } from "./info.ts";
import { type IpLimits, maxPostsInFlight, maxSubscriptions, maxUsers } from "./ip_limits.ts";
import { isCoin } from "./listing.ts";
import type { PublicFeed, PublicSubscription } from "./public_feed.ts";
import { fillRow, frontendOrderRow, type Row, triggerRow, updateRow } from "./rows.ts";

/** A connection on which the server sent nothing for this long is closed without a word. */
const silenceLimitMs = 60_000;
/** The account's state goes out at most once in this time. */
const stateEveryMs = 100;

const userTypes = [
  "orderUpdates",
  "userFills",
  "userEvents",
  "userFundings",
  "clearinghouseState",
  "openOrders",
] as const;
type UserType = (typeof userTypes)[number];

const subscriptionSchema = v.variant("type", [
  v.object({ type: v.literal("allMids"), dex: v.optional(v.literal("")) }),
  v.object({
    type: v.literal("l2Book"),
    coin: v.string(),
    nSigFigs: v.nullish(v.null()), // bucketed books are not simulated
    mantissa: v.nullish(v.null()),
    fast: v.nullish(v.boolean()),
  }),
  v.object({ type: v.picklist(["bbo", "trades", "activeAssetCtx"]), coin: v.string() }),
  v.object({
    type: v.picklist(userTypes),
    user: addressSchema,
    dex: v.optional(v.literal("")),
    aggregateByTime: v.optional(v.boolean()),
  }),
]);
type Subscription = v.InferOutput<typeof subscriptionSchema>;
const messageSchema = v.variant("method", [
  v.object({ method: v.literal("ping") }),
  v.object({ method: v.picklist(["subscribe", "unsubscribe"]), subscription: subscriptionSchema }),
  v.object({
    method: v.literal("post"),
    id: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    request: v.object({ type: v.picklist(["action", "info"]), payload: v.unknown() }),
  }),
]);
type Post = Extract<v.InferOutput<typeof messageSchema>, { readonly method: "post" }>;

export interface SessionContext {
  readonly venue: SimulatedVenue;
  readonly accountId: string;
  readonly master: string;
  readonly desk: ExchangeDesk;
  readonly gateway: Gateway;
  readonly info: InfoDesk;
  readonly feed: PublicFeed;
  readonly limits: IpLimits;
  readonly faults: Faults;
}

export class Session {
  readonly #socket: ServerSocket;
  readonly #context: SessionContext;
  readonly #lane: string;
  readonly #onEnd: () => void;
  readonly #stops: (() => void)[] = [];
  readonly #public = new Map<string, PublicSubscription>();
  readonly #users = new Map<string, { readonly type: UserType; readonly user: string }>();
  readonly #sendPublic = (text: string): void => this.#send(text);
  /** What an action causes leaves after its answer. */
  #held: string[] | undefined;
  #tsLastSentMs: number;
  #cancelState: (() => void) | undefined;
  #cancelWatch = (): void => {};
  #postsInFlight = 0;
  #isClosed = false;

  constructor(socket: ServerSocket, number: number, context: SessionContext, onEnd: () => void) {
    this.#socket = socket;
    this.#context = context;
    this.#lane = `hyperliquid-${number}`;
    this.#onEnd = onEnd;
    this.#tsLastSentMs = context.venue.clock.nowMs();
    socket.listen({ onMessage: (data) => this.#onMessage(data), onClose: () => this.close() });
    this.#stops.push(context.venue.subscribe((event) => this.#onVenueEvent(event)));
    this.#watchSilence();
    const cutMs = context.faults.nextDisconnectMs();
    if (cutMs !== undefined) {
      this.#stops.push(
        context.venue.clock.schedule(cutMs, () => this.#socket.close(4000, "simulated disconnect")),
      );
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const stop of this.#stops.splice(0)) stop();
    this.#cancelState?.();
    this.#cancelWatch();
    for (const one of this.#public.values()) this.#context.feed.unsubscribe(one, this.#sendPublic);
    this.#public.clear();
    this.#users.clear();
    this.#context.faults.forget(this.#lane);
    this.#context.limits.connectionEnded();
    if (this.#socket.isOpen) this.#socket.close();
    this.#onEnd();
  }

  /** Told of trigger orders, which the engine has no events for. */
  onTriggerUpdate(row: Row): void {
    this.#pushUser("orderUpdates", () => [row]);
    this.#pushOpenOrders();
  }

  onFunding(row: Row): void {
    this.#pushUser("userFundings", (user) => ({ user, fundings: [row] }));
    this.#pushUser("userEvents", () => ({ funding: row }));
  }

  #watchSilence(): void {
    const { clock } = this.#context.venue;
    this.#cancelWatch = clock.schedule(1_000, () => {
      if (clock.nowMs() - this.#tsLastSentMs > silenceLimitMs) this.#socket.close();
      else this.#watchSilence();
    });
  }

  #send(text: string): void {
    this.#tsLastSentMs = this.#context.venue.clock.nowMs();
    this.#context.faults.delayed(this.#lane, () => {
      if (this.#socket.isOpen) this.#socket.send(text);
    });
  }

  #sendFrame(channel: string, data: unknown): void {
    this.#send(JSON.stringify({ channel, data }));
  }

  #error(text: string): void {
    this.#sendFrame("error", text);
  }

  #onMessage(data: unknown): void {
    if (!this.#context.limits.admitMessage()) return this.#socket.close();
    let found: unknown;
    try {
      found = typeof data === "string" ? JSON.parse(data) : undefined;
    } catch {
      found = undefined; // answered below
    }
    const parsed = v.safeParse(messageSchema, found);
    if (!parsed.success) {
      return this.#error(`Error parsing JSON into valid websocket request: ${String(data).slice(0, 300)}`);
    }
    const message = parsed.output;
    switch (message.method) {
      case "ping":
        return this.#send(JSON.stringify({ channel: "pong" }));
      case "post":
        return this.#post(message);
      case "subscribe":
      case "unsubscribe":
        return this.#subscription(message.method, message.subscription);
      default:
        return message satisfies never;
    }
  }

  // Subscriptions ------------------------------------------------------------------------------------------------------

  #subscription(method: "subscribe" | "unsubscribe", subscription: Subscription): void {
    const echo = normalized(subscription);
    const key = JSON.stringify(echo);
    // A coin that does not exist takes the whole connection down, without a word.
    if ("coin" in subscription && !isCoin(subscription.coin)) return this.#socket.close();
    const isThere = this.#public.has(key) || this.#users.has(key);
    if (method === "subscribe" && isThere) return this.#error(`Already subscribed: ${key}`);
    if (method === "unsubscribe" && !isThere) return this.#error(`Already unsubscribed: ${key}`);
    if (method === "unsubscribe") {
      const known = this.#public.get(key);
      if (known !== undefined) this.#context.feed.unsubscribe(known, this.#sendPublic);
      this.#public.delete(key);
      this.#users.delete(key);
      return this.#sendFrame("subscriptionResponse", { method, subscription: echo });
    }
    if (this.#public.size + this.#users.size >= maxSubscriptions) {
      return this.#error("Cannot subscribe to more than 1000 channels.");
    }
    if ("user" in subscription) return this.#subscribeUser(subscription, key, echo);
    this.#sendFrame("subscriptionResponse", { method, subscription: echo });
    const one: PublicSubscription = {
      type: subscription.type,
      coin: "coin" in subscription ? subscription.coin : "",
      isFast: "fast" in subscription && subscription.fast === true,
    };
    this.#public.set(key, one);
    this.#context.feed.subscribe(one, this.#sendPublic);
  }

  #subscribeUser(
    { type, user }: { readonly type: UserType; readonly user: string },
    key: string,
    echo: Row,
  ): void {
    const users = new Set([...this.#users.values()].map((one) => one.user));
    if (!users.has(user) && users.size >= maxUsers) {
      return this.#error("Cannot track more than 10 total users.");
    }
    this.#sendFrame("subscriptionResponse", { method: "subscribe", subscription: echo });
    this.#users.set(key, { type, user });
    const { info, desk } = this.#context;
    switch (type) {
      case "userFills":
        return this.#sendFrame("userFills", {
          isSnapshot: true,
          user,
          fills: info.fills(user).toReversed().slice(0, 2_000),
        });
      case "userFundings": {
        const answer = info.answer({ type: "userFunding", user, startTime: 0 });
        const rows = v.parse(fundingAnswer, answer.kind === "data" ? answer.data : []);
        return this.#sendFrame("userFundings", {
          isSnapshot: true,
          user,
          fundings: rows.map(({ time, delta: { type: _type, ...delta } }) => ({ time, ...delta })),
        });
      }
      case "clearinghouseState":
        return this.#sendFrame("clearinghouseState", {
          dex: "",
          user,
          clearinghouseState: info.accountState(user),
        });
      case "openOrders":
        return this.#sendFrame("openOrders", {
          dex: "",
          user,
          orders: info.openOrders(user).map((order) => frontendOrderRow(order, desk.numbers)),
        });
      case "orderUpdates":
      case "userEvents":
        return;
      default:
        return type satisfies never;
    }
  }

  /** Frames of one kind to those who asked for the master's; others see nothing. */
  #pushUser(type: UserType, make: (user: string) => unknown): void {
    const { master } = this.#context;
    const channel = type === "userEvents" ? "user" : type;
    for (const one of this.#users.values()) {
      if (one.type !== type || one.user !== master) continue;
      const text = JSON.stringify({ channel, data: make(master) });
      for (let copy = this.#context.faults.privateCopies(); copy > 0; copy--) {
        if (this.#held === undefined) this.#send(text);
        else this.#held.push(text);
      }
    }
  }

  #pushOpenOrders(): void {
    const { info, desk } = this.#context;
    this.#pushUser("openOrders", (user) => ({
      dex: "",
      user,
      orders: [
        ...info.openOrders(user).map((order) => frontendOrderRow(order, desk.numbers)),
        ...desk.triggers().map(triggerRow),
      ],
    }));
  }

  #onVenueEvent(event: SimulatedEvent): void {
    if (this.#users.size === 0) return;
    const { accountId, desk: { numbers } } = this.#context;
    if (event.kind === "fill" && event.fill.accountId === accountId) {
      const row = fillRow(event.fill, numbers);
      this.#pushUser("userFills", (user) => ({ user, fills: [row] }));
      this.#pushUser("userEvents", () => ({ fills: [row] }));
    }
    if (event.kind === "order" && event.order.accountId === accountId) {
      this.#pushUser("orderUpdates", () => [updateRow(event.order, numbers)]);
      this.#pushOpenOrders();
    }
    if (event.kind === "position" && event.position.accountId === accountId) this.#stateIsDue();
    if (event.kind === "account" && event.account.accountId === accountId) this.#stateIsDue();
  }

  #stateIsDue(): void {
    if (this.#cancelState !== undefined) return;
    this.#cancelState = this.#context.venue.clock.schedule(stateEveryMs, () => {
      this.#cancelState = undefined;
      this.#pushUser("clearinghouseState", (user) => ({
        dex: "",
        user,
        clearinghouseState: this.#context.info.accountState(user),
      }));
    });
  }

  // Posts --------------------------------------------------------------------------------------------------------------

  #post({ id, request }: Post): void {
    if (this.#postsInFlight >= maxPostsInFlight) {
      return this.#error(`Cannot have more than 100 inflight post messages. id=${id}`);
    }
    const { faults, gateway, info, limits } = this.#context;
    const answer = (type: string, payload: unknown): void => {
      this.#postsInFlight += 1;
      const text = JSON.stringify({ channel: "post", data: { id, response: { type, payload } } });
      this.#tsLastSentMs = this.#context.venue.clock.nowMs();
      faults.delayed(this.#lane, () => {
        this.#postsInFlight -= 1;
        if (this.#socket.isOpen) this.#socket.send(text);
      });
    };
    if (request.type === "info") {
      const reply = info.answer(request.payload);
      if (!limits.admitWeight(weightOfInfo(request.payload, reply))) {
        return answer("error", "429 Too Many Requests: null");
      }
      return reply.kind === "data"
        ? answer("info", { type: typeOf(request.payload), data: reply.data })
        : answer("error", `${reply.status}: ${reply.text}`);
    }
    const fate = faults.requestFate();
    if (fate === "lose_request") return;
    if (fate === "rate_limit" || !limits.admitWeight(weightOf(request.payload))) {
      return answer("error", "429 Too Many Requests: null");
    }
    if (fate === "reject") return answer("error", "502 Bad Gateway: null");
    // The answer leaves before the pushes that the action causes.
    this.#held = [];
    const reply: Reply = gateway.handle(request.payload);
    const held = this.#held;
    this.#held = undefined;
    if (fate !== "lose_answer") {
      if (reply.kind === "body") answer("action", reply.body);
      else answer("error", `${reply.status}: ${reply.text}`);
    }
    for (const text of held) this.#send(text);
  }
}

const fundingAnswer = v.array(
  v.object({ time: v.number(), delta: v.looseObject({ type: v.literal("funding") }) }),
);

const typeOf = (payload: unknown): unknown =>
  typeof payload === "object" && payload !== null ? Reflect.get(payload, "type") : undefined;

/** The echo of a subscription has all of its defaults. */
function normalized(subscription: Subscription): Row {
  if (subscription.type === "l2Book") {
    const { type, coin, fast } = subscription;
    return { type, coin, nSigFigs: null, mantissa: null, fast: fast ?? false };
  }
  if (subscription.type === "allMids") return { type: "allMids", dex: "" };
  if ("user" in subscription) {
    const { type, user, dex = "", aggregateByTime = false } = subscription;
    if (type === "userFills") return { type, user, aggregateByTime };
    return type === "clearinghouseState" || type === "openOrders" ? { type, user, dex } : { type, user };
  }
  return { type: subscription.type, coin: subscription.coin };
}
