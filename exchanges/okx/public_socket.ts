/**
 * The public connection: keeps what is subscribed the same as what is wanted, over reconnects and handovers, within
 * OKX's 480 operations per connection and hour.
 */
import type { ConnectionState, Log } from "@berth/sdk";
import {
  type ConnectionPorts,
  type ConnectionView,
  KeptConnection,
  type Link,
  type LinkHandlers,
} from "@berth/sdk/venue/kept_connection.ts";
import { WantedSubscriptions } from "@berth/sdk/venue/wanted_subscriptions.ts";
import { keepAlive } from "./keep_alive.ts";
import type { TextMisfits } from "@berth/sdk/venue/misfits.ts";
import { shownText } from "@berth/sdk/venue/shown_text.ts";
import { recordFrame } from "@berth/sdk/venue/text_frame.ts";

export interface Argument {
  readonly channel: string;
  /** Empty for channels that are about no single instrument. */
  readonly instId: string;
  readonly instType?: string;
}

export interface PublicSocketOptions {
  readonly urls: readonly string[];
  readonly ports: ConnectionPorts;
  readonly log: Log;
  /** A frame by its text; false when it must be parsed. Only of the link in use. */
  readonly onHotText: (text: string, tsRecvUs: number) => boolean;
  /** A parsed frame with data. */
  readonly onFrame: (frame: Readonly<Record<string, unknown>>, tsRecvUs: number) => void;
  readonly misfits: TextMisfits;
  readonly onState: (state: ConnectionState, why: string) => void;
}

/** 64 KiB of arguments fit into one request; these are well below. */
const maxArguments = 100;
/** Of 480 an hour; beyond it a new connection takes over. */
const maxOperations = 400;

const keyOf = ({ channel, instId, instType = "" }: Argument): string => `${channel}:${instId}:${instType}`;
const frameOf = ({ channel, instId, instType }: Argument) => ({
  channel,
  ...(instId === "" ? {} : { instId }),
  ...(instType === undefined ? {} : { instType }),
});

/** One socket's subscriptions. */
interface Session {
  readonly number: number;
  readonly link: Link;
  readonly asked: Map<string, Argument>;
  operations: number;
}

export class PublicSocket {
  readonly #options: PublicSocketOptions;
  readonly #connection: KeptConnection;
  readonly #wanted: WantedSubscriptions<Argument>;
  readonly #sessions = new Set<Session>();
  /** The session whose data counts. */
  #inUse: Session | undefined;
  #sessionCount = 0;

  constructor(options: PublicSocketOptions) {
    this.#options = options;
    this.#wanted = new WantedSubscriptions({
      keyOf,
      scheduler: options.ports.scheduler,
      onChange: () => {
        for (const session of this.#sessions) this.#reconcile(session);
      },
    });
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
    this.#wanted.stop();
    this.#connection.stop();
  }

  /** Arguments of one channel that are wanted. */
  wanted(channel: string): readonly Argument[] {
    return this.#wanted.all.filter((argument) => argument.channel === channel);
  }

  want(args: readonly Argument[]): void {
    this.#wanted.want(args);
  }

  unwant(args: readonly Argument[]): void {
    this.#wanted.unwant(args);
  }

  /** Subscribes anew, for a fresh snapshot. */
  refresh(argument: Argument): void {
    const session = this.#inUse;
    if (session === undefined || !session.asked.delete(keyOf(argument))) return;
    this.#send(session, "unsubscribe", [argument]);
    this.#wanted.gather();
  }

  #accept(link: Link): LinkHandlers {
    const session: Session = { number: ++this.#sessionCount, link, asked: new Map(), operations: 0 };
    return {
      onOpen: () => {
        this.#sessions.add(session);
        this.#reconcile(session);
        // With nothing to subscribe there is no answer to wait for.
        if (session.asked.size === 0) this.#use(session);
      },
      onText: (text) => this.#onText(session, text),
      onEnd: () => {
        this.#sessions.delete(session);
        if (this.#inUse === session) this.#inUse = undefined;
      },
    };
  }

  #use(session: Session): void {
    this.#inUse = session;
    session.link.ready();
  }

  /** Asks for what is wanted and not asked for, and the other way round. */
  #reconcile(session: Session): void {
    const { asked } = session;
    const { gone, added } = this.#wanted.difference(asked);
    this.#send(session, "unsubscribe", gone);
    this.#send(session, "subscribe", added);
    for (const argument of gone) asked.delete(keyOf(argument));
    for (const argument of added) asked.set(keyOf(argument), argument);
    if (session.operations > maxOperations) this.#connection.handOver();
  }

  #send(session: Session, op: "subscribe" | "unsubscribe", args: readonly Argument[]): void {
    for (let from = 0; from < args.length; from += maxArguments) {
      session.operations += 1;
      session.link.send(JSON.stringify({ op, args: args.slice(from, from + maxArguments).map(frameOf) }));
    }
  }

  #onText(session: Session, text: string): void {
    const tsRecvUs = this.#options.ports.clock.epochUs();
    if (session !== this.#inUse) {
      if (this.#inUse !== undefined && session.number < this.#inUse.number) return; // replaced
      this.#use(session); // its first frame: the venue answers its subscriptions
    }
    if (this.#options.onHotText(text, tsRecvUs)) return;
    const frame = recordFrame(text, this.#options.misfits, "frame");
    if (frame === undefined) return;
    if (typeof frame["event"] === "string") return this.#onEvent(frame["event"], frame);
    this.#options.onFrame(frame, tsRecvUs);
  }

  #onEvent(event: string, frame: Readonly<Record<string, unknown>>): void {
    const code = shownText(frame["code"], 200);
    const text = shownText(frame["msg"], 200);
    if (event === "error") this.#options.log.error("OKX refused a subscription", { code, text });
    if (event === "notice") {
      this.#options.log.warn("OKX announces", { code, text });
      if (code === "64008") this.#connection.handOver();
    }
  }
}
