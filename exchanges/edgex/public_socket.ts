/** The public connection: keeps what is subscribed the same as what is wanted, over reconnects. A channel is a name. */
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
import { keepAliveAt, pong } from "./keep_alive.ts";
import { isRecord, timeOf } from "./wire.ts";

export interface PublicSocketOptions {
  readonly url: string;
  readonly ports: ConnectionPorts;
  readonly venueNowMs: () => number;
  readonly log: Log;
  readonly misfits: TextMisfits;
  /** A parsed frame with data. */
  readonly onFrame: (frame: Readonly<Record<string, unknown>>, tsRecvUs: number) => void;
  /** The venue said what time it is. */
  readonly onVenueTime: (tsVenueMs: number, tsRecvUs: number) => void;
  readonly onState: (state: ConnectionState, why: string) => void;
}

/** One socket's subscriptions. */
interface Session {
  readonly link: Link;
  readonly asked: Map<string, string>;
  isReady: boolean;
}

export class PublicSocket {
  readonly #options: PublicSocketOptions;
  readonly #connection: KeptConnection;
  readonly #wanted: WantedSubscriptions<string>;
  #session: Session | undefined;

  constructor(options: PublicSocketOptions) {
    this.#options = options;
    this.#wanted = new WantedSubscriptions({
      keyOf: (channel) => channel,
      scheduler: options.ports.scheduler,
      onChange: () => this.#reconcile(),
    });
    this.#connection = new KeptConnection({
      urls: [options.url],
      ports: options.ports,
      keepAlive: keepAliveAt(options.venueNowMs),
      requestOf: (url) => ({ url: `${url}?timestamp=${options.venueNowMs()}` }),
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

  /** Channels that are wanted and begin so. */
  wanted(prefix: string): readonly string[] {
    return this.#wanted.all.filter((channel) => channel.startsWith(prefix));
  }

  want(channels: readonly string[]): void {
    this.#wanted.want(channels);
  }

  unwant(channels: readonly string[]): void {
    this.#wanted.unwant(channels);
  }

  /** Subscribes anew, for a fresh snapshot. */
  refresh(channel: string): void {
    if (this.#session === undefined || !this.#session.asked.delete(channel)) return;
    this.#send(this.#session, "unsubscribe", channel);
    this.#wanted.gather();
  }

  #accept(link: Link): LinkHandlers {
    const session: Session = { link, asked: new Map(), isReady: false };
    return {
      onOpen: () => void (this.#session = session),
      onText: (text) => this.#onText(session, text),
      onEnd: () => {
        if (this.#session === session) this.#session = undefined;
      },
    };
  }

  /** Asks for what is wanted and not asked for, and the other way round. */
  #reconcile(): void {
    const session = this.#session;
    if (session?.isReady !== true) return;
    const { gone, added } = this.#wanted.difference(session.asked);
    for (const channel of gone) {
      session.asked.delete(channel);
      this.#send(session, "unsubscribe", channel);
    }
    for (const channel of added) {
      session.asked.set(channel, channel);
      this.#send(session, "subscribe", channel);
    }
  }

  #send(session: Session, type: "subscribe" | "unsubscribe", channel: string): void {
    session.link.send(JSON.stringify({ type, channel }));
  }

  #onText(session: Session, text: string): void {
    const tsRecvUs = this.#options.ports.clock.epochUs();
    const frame = recordFrame(text, this.#options.misfits, "frame");
    if (frame === undefined) return;
    switch (frame["type"]) {
      case "payload":
      case "quote-event": // the older name of the same
        return this.#options.onFrame(frame, tsRecvUs);
      case "ping":
        session.link.send(pong(shownText(frame["time"], 32)));
        return this.#options.onVenueTime(timeOf(frame["time"]), tsRecvUs);
      case "connected":
        this.#options.onVenueTime(timeOf(frame["time"]), tsRecvUs);
        session.isReady = true;
        session.link.ready();
        return this.#reconcile();
      case "pong":
      case "subscribed":
      case "unsubscribed":
        return;
      case "error":
        return this.#onError(frame["content"]);
      default:
        return this.#options.misfits.note("frame_not_known", `type ${shownText(frame["type"], 40)}`);
    }
  }

  #onError(content: unknown): void {
    const { code, msg } = isRecord(content) ? content : { code: "", msg: content };
    const text = shownText(msg, 200);
    this.#options.log.error("EdgeX refused a subscription", { code: shownText(code, 200), text });
  }
}
