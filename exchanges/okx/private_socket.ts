/** A connection that logs in: its channels of the account, and order operations with their answers. */
import * as v from "valibot";
import type { ConnectionState, Log } from "@berth/sdk";
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
import type { SocketResult } from "./order_channel.ts";
import { loginArgument, type OkxKeys } from "./signing.ts";
import { cutCode, isRecord, orderReplySchema } from "./wire.ts";
import { shownText } from "@berth/sdk/venue/shown_text.ts";
import { recordFrame } from "@berth/sdk/venue/text_frame.ts";

export interface PrivateSocketOptions {
  readonly urls: readonly string[];
  readonly ports: ConnectionPorts;
  readonly keys: OkxKeys;
  /** The venue's time, which a login is stamped with. */
  readonly venueNowMs: () => number;
  readonly channels: readonly { readonly channel: string; readonly instType?: string }[];
  readonly misfits: TextMisfits;
  readonly log: Log;
  readonly onData: (channel: string, rows: readonly unknown[], tsRecvUs: number) => void;
  readonly onState: (state: ConnectionState, why: string) => void;
}

/** One socket's login, subscriptions and requests under way. */
interface Session {
  readonly number: number;
  readonly link: Link;
  readonly pending: PendingAnswers<string, SocketResult>;
  isLoggedIn: boolean;
  readonly subscribed: Set<string>;
}

export class PrivateSocket {
  readonly #options: PrivateSocketOptions;
  readonly #connection: KeptConnection;
  /** Logged in and subscribed to everything: orders go over it. */
  #inUse: Session | undefined;
  #sessionCount = 0;
  #nextId = 1;

  constructor(options: PrivateSocketOptions) {
    this.#options = options;
    this.#connection = new KeptConnection({
      urls: options.urls,
      ports: options.ports,
      keepAlive,
      accept: (link) => this.#accept(link),
      onState: options.onState,
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

  /** Sends an operation; undefined when no socket is ready, and nothing was sent. */
  request(op: string, args: readonly unknown[], signal: AbortSignal): Promise<SocketResult> | undefined {
    const session = this.#inUse;
    if (session === undefined) return undefined;
    const id = String(this.#nextId++);
    if (!session.link.send(JSON.stringify({ id, op, args }))) return undefined;
    return session.pending.wait(id, op, signal);
  }

  #accept(link: Link): LinkHandlers {
    const session: Session = {
      number: ++this.#sessionCount,
      link,
      pending: new PendingAnswers(),
      isLoggedIn: false,
      subscribed: new Set(),
    };
    return {
      onOpen: () => {
        const { keys, venueNowMs } = this.#options;
        link.send(JSON.stringify({ op: "login", args: [loginArgument(keys, venueNowMs())] }));
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
    if (typeof frame["op"] === "string") return this.#onReply(session, frame);
    if (typeof frame["event"] === "string") return this.#onEvent(session, frame["event"], frame);
    // What a replaced link still says about the account, its successor says too.
    if (this.#inUse !== undefined && session.number < this.#inUse.number) return;
    const { arg, data } = frame;
    if (isRecord(arg) && typeof arg["channel"] === "string" && Array.isArray(data)) {
      return this.#options.onData(arg["channel"], data, tsRecvUs);
    }
    this.#options.misfits.note("private_frame_not_known", "neither an event, an answer nor data");
  }

  #onReply(session: Session, frame: Readonly<Record<string, unknown>>): void {
    const id = shownText(frame["id"]);
    const parsed = v.safeParse(orderReplySchema, frame);
    const wasExpected = session.pending.end(
      id,
      parsed.success
        ? { kind: "reply", reply: parsed.output }
        // It was answered, in words that say nothing: nobody knows what became of it.
        : { kind: "unanswered", why: "garbled_reply", details: `answer ${id}` },
    );
    // One that came after its deadline: what it says is asked about by then.
    if (!wasExpected) this.#options.misfits.note("answer_not_expected", `answer ${cutCode(id)}`);
  }

  #onEvent(session: Session, event: string, frame: Readonly<Record<string, unknown>>): void {
    const code = shownText(frame["code"], 200);
    const text = shownText(frame["msg"], 200);
    switch (event) {
      case "login":
        session.isLoggedIn = true;
        session.link.send(JSON.stringify({ op: "subscribe", args: this.#options.channels }));
        return;
      case "subscribe":
        return this.#onSubscribed(session, frame["arg"]);
      case "notice":
        this.#options.log.warn("OKX announces", { code, text });
        return code === "64008" ? this.#connection.handOver() : undefined;
      case "channel-conn-count-error":
        return this.#options.log.error("too many connections of this account", {
          channel: shownText(frame["channel"]),
        });
      case "error":
        return this.#onError(session, shownText(frame["id"]), code, text);
      default:
        return; // told for information
    }
  }

  #onError(session: Session, id: string, code: string, text: string): void {
    const reply = { id, code: cutCode(code), msg: text, data: [] };
    if (session.pending.end(id, { kind: "reply", reply })) return;
    const what = session.isLoggedIn ? "a private subscription" : "the login";
    this.#options.log.error(`OKX refused ${what}`, { code, text });
    // Without all of its channels the stream would look whole and not be it.
    if (this.#inUse !== session) session.link.fail(`${what} was refused: ${code}`);
  }

  /** The stream is whole when every channel is acknowledged. */
  #onSubscribed(session: Session, arg: unknown): void {
    if (isRecord(arg)) session.subscribed.add(shownText(arg["channel"]));
    if (
      !this.#options.channels.every(({ channel }) => session.subscribed.has(channel)) ||
      this.#inUse === session
    ) return;
    this.#inUse = session;
    session.link.ready();
  }
}
