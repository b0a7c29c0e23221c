/**
 * The public connection: keeps what is subscribed the same as what is wanted, over reconnects and the handover before the
 * venue's 24 hours are over, within ten messages a second and 200 streams.
 */
import type { ConnectionState, Log } from "@berth/sdk";
import {
  type ConnectionPorts,
  type ConnectionView,
  KeptConnection,
  type Link,
  type LinkHandlers,
} from "@berth/sdk/venue/kept_connection.ts";
import type { TextMisfits } from "@berth/sdk/venue/misfits.ts";
import { shownText } from "@berth/sdk/venue/shown_text.ts";
import { WantedSubscriptions } from "@berth/sdk/venue/wanted_subscriptions.ts";
import { recordFrame } from "@berth/sdk/venue/text_frame.ts";
import { handOverAfterMs, keepAlive } from "./keep_alive.ts";
import { isRecord } from "./wire.ts";

/** One stream of one symbol: `btcusdt@bookTicker`. */
export interface Stream {
  readonly symbol: string;
  /** `bookTicker`, `aggTrade`, `markPrice@1s`, `depth@100ms` */
  readonly channel: string;
}

export interface PublicSocketOptions {
  readonly url: string;
  readonly ports: ConnectionPorts;
  readonly log: Log;
  /** A frame by its text; false when it must be parsed. Only of the link in use. */
  readonly onHotText: (text: string, tsRecvUs: number) => boolean;
  /** A parsed frame with data. */
  readonly onFrame: (frame: Readonly<Record<string, unknown>>, tsRecvUs: number) => void;
  /** The venue sends these from now on: what stands already must be asked for. */
  readonly onSubscribed: (streams: readonly Stream[]) => void;
  readonly misfits: TextMisfits;
  readonly onState: (state: ConnectionState, why: string) => void;
}

const maxStreams = 200;
/** Of ten messages a second a ping and a little are left. */
const messageEveryMs = 150;

const nameOf = ({ channel, symbol }: Stream): string => `${symbol.toLowerCase()}@${channel}`;

/** One socket's subscriptions. */
interface Session {
  readonly number: number;
  readonly link: Link;
  readonly asked: Map<string, Stream>;
  /** Subscriptions that were not acknowledged yet, by the id of their request. */
  readonly pending: Map<number, readonly Stream[]>;
  nextMessageMs: number;
  isPlanned: boolean;
}

export class PublicSocket {
  readonly #options: PublicSocketOptions;
  readonly #connection: KeptConnection;
  readonly #wanted: WantedSubscriptions<Stream>;
  readonly #sessions = new Set<Session>();
  /** The session whose data counts. */
  #inUse: Session | undefined;
  #sessionCount = 0;
  #requestCount = 0;
  #cancelHandOver: () => void = () => {};

  constructor(options: PublicSocketOptions) {
    this.#options = options;
    this.#wanted = new WantedSubscriptions({
      keyOf: nameOf,
      scheduler: options.ports.scheduler,
      onChange: () => {
        for (const session of this.#sessions) this.#reconcile(session);
      },
    });
    this.#connection = new KeptConnection({
      urls: [options.url],
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
    this.#cancelHandOver();
    this.#wanted.stop();
    this.#connection.stop();
  }

  /** Symbols of which one channel is wanted. */
  wanted(channel: string): readonly string[] {
    return this.#wanted.all.filter((one) => one.channel === channel).map(({ symbol }) => symbol);
  }

  want(streams: readonly Stream[]): void {
    const known = new Set(this.#wanted.all.map(nameOf));
    const added = streams.filter((one) => !known.has(nameOf(one)));
    const room = maxStreams - known.size;
    if (added.length > room) {
      this.#options.log.error("more streams are wanted than one connection takes", {
        max: maxStreams,
        left: added.length - room,
      });
    }
    this.#wanted.want(added.slice(0, Math.max(0, room)));
  }

  unwant(streams: readonly Stream[]): void {
    this.#wanted.unwant(streams);
  }

  #accept(link: Link): LinkHandlers {
    const session: Session = {
      number: ++this.#sessionCount,
      link,
      asked: new Map(),
      pending: new Map(),
      nextMessageMs: -Infinity,
      isPlanned: false,
    };
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
    this.#cancelHandOver();
    this.#cancelHandOver = this.#options.ports.scheduler.after(
      handOverAfterMs,
      () => this.#connection.handOver(),
    );
  }

  /** Asks for what is wanted and not asked for, and the other way round: one message now, the next one in its time. */
  #reconcile(session: Session): void {
    const { clock, scheduler } = this.#options.ports;
    if (!this.#sessions.has(session) || session.isPlanned) return;
    const { gone, added } = this.#wanted.difference(session.asked);
    if (gone.length + added.length === 0) return;
    const waitMs = session.nextMessageMs - clock.monotonicMs();
    if (waitMs > 0) {
      session.isPlanned = true;
      scheduler.after(waitMs, () => {
        session.isPlanned = false;
        this.#reconcile(session);
      });
      return;
    }
    session.nextMessageMs = clock.monotonicMs() + messageEveryMs;
    if (gone.length > 0) {
      this.#send(session, "UNSUBSCRIBE", gone);
      for (const one of gone) session.asked.delete(nameOf(one));
      if (added.length > 0) this.#reconcile(session);
      return;
    }
    session.pending.set(this.#send(session, "SUBSCRIBE", added), added);
    for (const one of added) session.asked.set(nameOf(one), one);
  }

  /** @returns the request's id */
  #send(session: Session, method: "SUBSCRIBE" | "UNSUBSCRIBE", streams: readonly Stream[]): number {
    const id = ++this.#requestCount;
    session.link.send(JSON.stringify({ method, params: streams.map(nameOf), id }));
    return id;
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
    if (typeof frame["e"] === "string") return this.#options.onFrame(frame, tsRecvUs);
    if (isRecord(frame["data"])) return this.#options.onFrame(frame["data"], tsRecvUs); // a combined stream's
    this.#onAnswer(session, frame);
  }

  #onAnswer(session: Session, frame: Readonly<Record<string, unknown>>): void {
    const { code, id, msg } = frame;
    if (code !== undefined || msg !== undefined) {
      return this.#options.log.error("the venue refused a request for market data", {
        code: shownText(code, 20),
        text: shownText(msg, 200),
      });
    }
    const streams = typeof id === "number" ? session.pending.get(id) : undefined;
    if (typeof id !== "number" || streams === undefined) return; // of a ping, or of what was given up
    session.pending.delete(id);
    this.#options.onSubscribed(streams.filter((one) => session.asked.has(nameOf(one))));
  }
}
