/**
 * The public connection: keeps what is subscribed the same as what is wanted, over reconnects. One subscription is one
 * frame; a coin that the venue does not know would end the connection, so only coins of its own list are asked for.
 */
import type { ConnectionState, Log, Scheduler } from "@berth/sdk";
import {
  type ConnectionPorts,
  KeptConnection,
  type Link,
  type LinkHandlers,
} from "@berth/sdk/venue/kept_connection.ts";
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

/** What is wanted within this time goes out together. */
const gatherMs = 5;

const keyOf = ({ type, coin }: Subscription): string => `${type}:${coin}`;

/** One socket's subscriptions. */
interface Session {
  readonly link: Link;
  readonly asked: Map<string, Subscription>;
}

export class PublicSocket {
  readonly #options: PublicSocketOptions;
  readonly #scheduler: Scheduler;
  readonly #connection: KeptConnection;
  readonly #wanted = new Map<string, Subscription>();
  #session: Session | undefined;
  #cancelGather: (() => void) | undefined;

  constructor(options: PublicSocketOptions) {
    this.#options = options;
    this.#scheduler = options.ports.scheduler;
    this.#connection = new KeptConnection({
      urls: [options.url],
      ports: options.ports,
      keepAlive,
      accept: (link) => this.#accept(link),
      onState: options.onState,
    });
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }
  get reconnects(): number {
    return this.#connection.reconnects;
  }
  get heartbeatAgeMs(): number {
    return this.#connection.heartbeatAgeMs;
  }

  start(): void {
    this.#connection.start();
  }

  stop(): void {
    this.#cancelGather?.();
    this.#connection.stop();
  }

  /** Coins of which one channel is wanted. */
  wanted(type: Subscription["type"]): readonly string[] {
    return [...this.#wanted.values()].filter((one) => one.type === type).map(({ coin }) => coin);
  }

  want(subscriptions: readonly Subscription[]): void {
    for (const one of subscriptions) this.#wanted.set(keyOf(one), one);
    this.#gather();
  }

  unwant(subscriptions: readonly Subscription[]): void {
    for (const one of subscriptions) this.#wanted.delete(keyOf(one));
    this.#gather();
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

  #gather(): void {
    if (this.#cancelGather !== undefined) return;
    this.#cancelGather = this.#scheduler.after(gatherMs, () => {
      this.#cancelGather = undefined;
      if (this.#session !== undefined) this.#reconcile(this.#session);
    });
  }

  /** Asks for what is wanted and not asked for, and the other way round. */
  #reconcile({ asked, link }: Session): void {
    const ask = (method: "subscribe" | "unsubscribe", subscription: Subscription): boolean =>
      link.send(JSON.stringify({ method, subscription }));
    for (const [key, one] of asked) {
      if (!this.#wanted.has(key) && ask("unsubscribe", one)) asked.delete(key);
    }
    for (const [key, one] of this.#wanted) {
      if (!asked.has(key) && ask("subscribe", one)) asked.set(key, one);
    }
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
