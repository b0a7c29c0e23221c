/**
 * The public connection: keeps what is subscribed the same as what is wanted, over reconnects. One subscription is one
 * frame; a coin that the venue does not know would end the connection, so only coins of its own list are asked for.
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
import { isRecord } from "./wire.ts";
import { shownText } from "@berth/sdk/venue/shown_text.ts";

export interface Subscription {
  readonly type: "bbo" | "trades" | "l2Book" | "activeAssetCtx";
  readonly coin: string;
  /** Books only. */
  readonly fast?: boolean;
}

export interface PublicSocketOptions {
  readonly url: string;
  readonly ports: ConnectionPorts;
  readonly log: Log;
  /** A frame by its text; false when it must be parsed. */
  readonly onHotText: (text: string, tsRecvUs: number) => boolean;
  /** A parsed frame with data. */
  readonly onFrame: (channel: string, data: unknown, tsRecvUs: number) => void;
  /** A subscription was acknowledged; what follows may repeat the past. */
  readonly onSubscribed: (type: string, coin: string, tsMs: number) => void;
  readonly misfits: TextMisfits;
  readonly onState: (state: ConnectionState, why: string) => void;
}

const keyOf = ({ type, coin }: Subscription): string => `${type}:${coin}`;

/** One socket's subscriptions. */
interface Session {
  readonly link: Link;
  readonly asked: Map<string, Subscription>;
}

export class PublicSocket {
  readonly #options: PublicSocketOptions;
  readonly #connection: KeptConnection;
  readonly #wanted: WantedSubscriptions<Subscription>;
  #session: Session | undefined;

  constructor(options: PublicSocketOptions) {
    this.#options = options;
    this.#wanted = new WantedSubscriptions({
      keyOf,
      scheduler: options.ports.scheduler,
      onChange: () => {
        if (this.#session !== undefined) this.#reconcile(this.#session);
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
    this.#wanted.stop();
    this.#connection.stop();
  }

  /** Coins of which one channel is wanted. */
  wanted(type: Subscription["type"]): readonly string[] {
    return this.#wanted.all.filter((one) => one.type === type).map(({ coin }) => coin);
  }

  want(subscriptions: readonly Subscription[]): void {
    this.#wanted.want(subscriptions);
  }

  unwant(subscriptions: readonly Subscription[]): void {
    this.#wanted.unwant(subscriptions);
  }

  #accept(link: Link): LinkHandlers {
    const session: Session = { link, asked: new Map() };
    return {
      onOpen: () => {
        this.#session = session;
        this.#reconcile(session);
        // With nothing to subscribe there is no answer to wait for.
        if (session.asked.size === 0) link.ready();
      },
      onText: (text) => this.#onText(session, text),
      onEnd: () => {
        if (this.#session === session) this.#session = undefined;
      },
    };
  }

  /** Asks for what is wanted and not asked for, and the other way round. */
  #reconcile({ asked, link }: Session): void {
    const ask = (method: "subscribe" | "unsubscribe", subscription: Subscription): boolean =>
      link.send(JSON.stringify({ method, subscription }));
    const { gone, added } = this.#wanted.difference(asked);
    for (const one of gone) if (ask("unsubscribe", one)) asked.delete(keyOf(one));
    for (const one of added) if (ask("subscribe", one)) asked.set(keyOf(one), one);
  }

  #onText(session: Session, text: string): void {
    const tsRecvUs = this.#options.ports.clock.epochUs();
    if (this.#options.onHotText(text, tsRecvUs)) return;
    let frame: unknown;
    try {
      frame = JSON.parse(text);
    } catch {
      return this.#options.misfits.note("frame_not_json", `${text.length} characters`);
    }
    if (!isRecord(frame) || typeof frame["channel"] !== "string") {
      return this.#options.misfits.note("frame_not_known", "a frame without channel");
    }
    const { channel, data } = frame;
    switch (channel) {
      case "pong":
        return;
      case "subscriptionResponse":
        return this.#onSubscribed(session, data);
      case "error":
        return this.#onError(shownText(data));
      default:
        return this.#options.onFrame(channel, data, tsRecvUs);
    }
  }

  #onSubscribed(session: Session, data: unknown): void {
    const subscription = isRecord(data) ? data["subscription"] : undefined;
    if (!isRecord(data) || !isRecord(subscription)) {
      return this.#options.misfits.note("frame_not_known", "an acknowledgement of nothing");
    }
    const { type, coin } = subscription;
    if (data["method"] === "subscribe" && typeof type === "string" && typeof coin === "string") {
      this.#options.onSubscribed(type, coin, this.#options.ports.clock.epochMs());
    }
    session.link.ready();
  }

  #onError(text: string): void {
    // A repeat on our side: it stands as it should.
    const isRepeat = text.startsWith("Already ");
    const log = isRepeat ? this.#options.log.debug : this.#options.log.error;
    log("the venue refused a request for market data", { text: text.slice(0, 200) });
  }
}
