/** The account's connection: its channels, and actions with their answers. It needs no log-in: reading wants no key, and actions are signed. */
import * as v from "valibot";
import { type Balance, type ConnectionState, describeError, type Log, type Publish } from "@berth/sdk";
import type { ChannelMeter, FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import {
  type ConnectionPorts,
  type ConnectionView,
  KeptConnection,
  type Link,
  type LinkHandlers,
} from "@berth/sdk/venue/kept_connection.ts";
import { PendingAnswers } from "@berth/sdk/venue/pending_answers.ts";
import { keepAlive } from "./keep_alive.ts";
import type { TextMisfits } from "@berth/sdk/venue/misfits.ts";
import { type AccountReader, balanceOf, type Read } from "./private_stream.ts";
import { type ActionResult, readAction } from "./rest.ts";
import { accountStateSchema, isRecord, issueText, type PostResponse, postSchema } from "./wire.ts";
import { shownText } from "@berth/sdk/venue/shown_text.ts";
import { recordFrame } from "@berth/sdk/venue/text_frame.ts";

export interface PrivateSocketOptions {
  readonly url: string;
  readonly ports: ConnectionPorts;
  /** The account's own address, never its agent's: that one has no orders. */
  readonly user: string;
  readonly publish: Publish;
  readonly reader: AccountReader;
  readonly statistics: FeedStatistics;
  readonly misfits: TextMisfits;
  readonly log: Log;
  /** False where collateral lies elsewhere: the account's state then says nothing of balances. */
  readonly hasOwnCollateral: () => boolean;
  /** What an HTTP status in an answer means. */
  readonly statusResult: (status: number, text: string) => ActionResult;
  readonly onState: (state: ConnectionState, why: string) => void;
}

/** Orders have no first snapshot; the host asks for them when it is told that the stream is live. */
const channels = ["orderUpdates", "userFills", "userFundings", "userEvents", "clearinghouseState"] as const;

/** One socket's subscriptions and requests under way. */
interface Session {
  readonly link: Link;
  readonly pending: PendingAnswers<number, ActionResult>;
  readonly subscribed: Set<string>;
}

export class PrivateSocket {
  readonly #options: PrivateSocketOptions;
  readonly #connection: KeptConnection;
  readonly #meters: Readonly<Record<string, ChannelMeter>>;
  readonly #startedMs: number;
  /** Subscribed to everything: actions go over it. */
  #inUse: Session | undefined;
  #nextId = 1;

  constructor(options: PrivateSocketOptions) {
    this.#options = options;
    this.#startedMs = options.ports.clock.epochMs();
    this.#meters = Object.fromEntries(
      ["orders", "fills", "funding", "account"].map((
        channel,
      ) => [channel, options.statistics.meter(undefined, channel)]),
    );
    this.#connection = new KeptConnection({
      urls: [options.url],
      ports: options.ports,
      keepAlive,
      accept: (link) => this.#accept(link),
      onState: (state, why) => {
        options.onState(state, why);
        if (state === "connected") options.publish.privateStreamRestored();
      },
    });
  }

  get connection(): ConnectionView {
    return this.#connection;
  }

  start(): void {
    this.#connection.start();
  }

  stop(): void {
    this.#connection.stop();
  }

  /**
   * Sends a signed action; undefined when no socket is ready, and nothing was sent.
   * @param envelope JSON text of the signed action
   */
  request(envelope: string, signal: AbortSignal): Promise<ActionResult> | undefined {
    const session = this.#inUse;
    if (session === undefined) return undefined;
    const id = this.#nextId++;
    const frame = `{"method":"post","id":${id},"request":{"type":"action","payload":${envelope}}}`;
    if (!session.link.send(frame)) return undefined;
    return session.pending.wait(id, "the action", signal);
  }

  #accept(link: Link): LinkHandlers {
    const session: Session = { link, pending: new PendingAnswers(), subscribed: new Set() };
    return {
      onOpen: () => {
        const { user } = this.#options;
        for (const type of channels) {
          link.send(JSON.stringify({ method: "subscribe", subscription: { type, user } }));
        }
      },
      onText: (text) => this.#onText(session, text),
      onEnd: (why) => {
        if (this.#inUse === session) this.#inUse = undefined;
        session.pending.endAll(why);
      },
    };
  }

  #onText(session: Session, text: string): void {
    const tsRecvUs = this.#options.ports.clock.epochUs();
    const frame = recordFrame(text, this.#options.misfits, "private_frame");
    if (frame === undefined) return;
    const { channel, data } = frame;
    switch (channel) {
      case "pong":
        return;
      case "subscriptionResponse":
        return this.#onSubscribed(session, data);
      case "post":
        return this.#onPost(session, data);
      case "error":
        return this.#onError(session, shownText(data));
      case "orderUpdates":
        return this.#onOrders(data, tsRecvUs);
      case "userFills":
        return this.#onFills(data, tsRecvUs);
      case "userFundings":
        return this.#onFundings(data, tsRecvUs);
      case "user":
        return this.#onUserEvent(data);
      case "clearinghouseState":
        return this.#onState(data, tsRecvUs);
      default:
        return this.#options.misfits.note(
          "private_frame_not_known",
          `channel ${shownText(channel, 40)}`,
        );
    }
  }

  /** The stream is whole when every channel is acknowledged. */
  #onSubscribed(session: Session, data: unknown): void {
    const subscription = isRecord(data) ? data["subscription"] : undefined;
    if (isRecord(subscription)) session.subscribed.add(shownText(subscription["type"]));
    if (!channels.every((type) => session.subscribed.has(type)) || this.#inUse === session) return;
    this.#inUse = session;
    session.link.ready();
  }

  #onPost(session: Session, data: unknown): void {
    const parsed = v.safeParse(postSchema, data);
    const id = parsed.success ? parsed.output.id : isRecord(data) ? data["id"] : undefined;
    if (typeof id !== "number" || !session.pending.has(id)) {
      return this.#options.misfits.note("answer_not_expected", "an answer fits no request");
    }
    session.pending.end(id, this.#resultOf(parsed.success ? parsed.output.response : undefined));
  }

  #resultOf(response: PostResponse | undefined): ActionResult {
    // It was answered, in words that say nothing: nobody knows what became of it.
    if (response === undefined) {
      return { kind: "unanswered", why: "garbled_reply", details: "the answer is not as documented" };
    }
    if (response.type === "action") return readAction(response.payload);
    const text = shownText(response.payload);
    const status = /^(\d{3})\b/.exec(text)?.[1];
    return response.type === "error" && status !== undefined
      ? this.#options.statusResult(Number(status), text)
      : { kind: "unanswered", why: "garbled_reply", details: text };
  }

  #onError(session: Session, text: string): void {
    // Of a request that was over the limit of those under way: it was not taken.
    const id = /\bid=(\d+)$/.exec(text)?.[1];
    if (id !== undefined && session.pending.end(Number(id), { kind: "refused", code: "429", text })) return;
    this.#options.log.error("the venue refused a request on the account's connection", { text });
    // Without all of its channels the stream would look whole and not be it.
    if (this.#inUse !== session) session.link.fail(`a channel was refused: ${text}`);
  }

  #onOrders(data: unknown, tsRecvUs: number): void {
    const { publish, reader } = this.#options;
    if (!Array.isArray(data)) return this.#misfit("orderUpdates: expected a list");
    this.#meters["orders"]?.update(NaN, tsRecvUs);
    this.#each(reader.orderUpdates(data), (report) => publish.order(report));
  }

  /** The first frame is the past, which the host asks for by itself. */
  #onFills(data: unknown, tsRecvUs: number): void {
    const { publish, reader } = this.#options;
    if (!isRecord(data) || !Array.isArray(data["fills"])) return this.#misfit("userFills: expected a list");
    if (data["isSnapshot"] === true) return;
    this.#meters["fills"]?.update(NaN, tsRecvUs);
    this.#each(reader.newFills(data["fills"], tsRecvUs), (fill) => publish.fill(fill));
  }

  /** Of the first frame what was booked since the start may have been missed; a repeat has the same id. */
  #onFundings(data: unknown, tsRecvUs: number): void {
    const { publish, reader } = this.#options;
    if (!isRecord(data) || !Array.isArray(data["fundings"])) {
      return this.#misfit("userFundings: expected a list");
    }
    const isSnapshot = data["isSnapshot"] === true;
    this.#meters["funding"]?.update(NaN, tsRecvUs);
    this.#each(reader.fundings(data["fundings"]), (payment) => {
      if (!isSnapshot || payment.tsVenueMs >= this.#startedMs) publish.funding(payment);
    });
  }

  /** Fills come on their own channel; this one tells what the venue did by itself. */
  #onUserEvent(data: unknown): void {
    if (!isRecord(data)) return this.#misfit("user: expected a record");
    if (isRecord(data["liquidation"])) this.#options.log.error("the venue liquidates the account", {});
    if (Array.isArray(data["nonUserCancel"])) {
      this.#options.log.warn("the venue cancelled orders", { count: data["nonUserCancel"].length });
    }
  }

  #onState(data: unknown, tsRecvUs: number): void {
    const { hasOwnCollateral, publish, reader } = this.#options;
    const parsed = v.safeParse(accountStateSchema, isRecord(data) ? data["clearinghouseState"] : undefined);
    if (!parsed.success) return this.#misfit(issueText(parsed.issues));
    const tsVenueMs = parsed.output.time ?? Math.floor(tsRecvUs / 1_000);
    this.#meters["account"]?.update(parsed.output.time ?? NaN, tsRecvUs);
    this.#each(reader.positions(parsed.output, tsVenueMs, true), (position) => publish.position(position));
    if (!hasOwnCollateral()) return;
    let balance: Omit<Balance, "venue">;
    try {
      balance = balanceOf(parsed.output, tsVenueMs);
    } catch (error) {
      return this.#misfit(describeError(error));
    }
    publish.balance(balance);
  }

  #misfit(why: string): void {
    this.#options.misfits.note("private_row_not_readable", why);
  }

  #each<T>(read: Read<T>, publish: (value: T) => void): void {
    for (const why of read.misfits) this.#misfit(why);
    for (const value of read.values) publish(value);
  }
}
