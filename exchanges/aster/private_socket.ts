/**
 * The user data stream: a connection to an address that the venue gives for an hour (its listen key), asked for before
 * each attempt and extended while it is used. Nothing is subscribed on it, and it begins without a snapshot.
 */
import * as v from "valibot";
import { type ConnectionState, describeError, type Log } from "@berth/sdk";
import {
  type ConnectionPorts,
  type ConnectionView,
  KeptConnection,
  type Link,
  type LinkHandlers,
} from "@berth/sdk/venue/kept_connection.ts";
import type { TextMisfits } from "@berth/sdk/venue/misfits.ts";
import type { OpenSocket, Socket } from "@berth/sdk/venue/transport.ts";
import { handOverAfterMs, keepAlive } from "./keep_alive.ts";
import { errorOf, invalidAnswer, type Method, type RestClient, type RestResult } from "./rest.ts";
import { isRecord, listenKeySchema } from "./wire.ts";

const path = "/fapi/v3/listenKey";

export interface PrivateSocketOptions {
  readonly url: string;
  readonly ports: ConnectionPorts;
  readonly rest: RestClient;
  readonly log: Log;
  readonly misfits: TextMisfits;
  /** An event by its kind; only of the link in use. */
  readonly onEvent: (kind: string, frame: Readonly<Record<string, unknown>>, tsRecvUs: number) => void;
  readonly onState: (state: ConnectionState, why: string) => void;
}

interface Session {
  readonly number: number;
  readonly link: Link;
}

export class PrivateSocket {
  readonly #options: PrivateSocketOptions;
  readonly #connection: KeptConnection;
  #inUse: Session | undefined;
  #sessionCount = 0;
  #hasKey = false;
  #cancelHandOver: () => void = () => {};

  constructor(options: PrivateSocketOptions) {
    this.#options = options;
    const { onState, ports, url } = options;
    this.#connection = new KeptConnection({
      urls: [url],
      ports: { ...ports, openSocket: (base, handlers) => this.#openWithKey(base, handlers) },
      keepAlive,
      accept: (link) => this.#accept(link),
      onState,
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
    this.#connection.stop();
  }

  /** The key holds for another hour. One that the venue does not know any more takes the connection with it. */
  async extendKey(): Promise<void> {
    if (!this.#hasKey) return;
    const result = await this.#key("PUT");
    if (result.kind === "data") return;
    this.#options.log.warn("the listen key was not extended", {
      reason: describeError(errorOf(`PUT ${path}`, result)),
    });
    if (result.kind === "error") this.#inUse?.link.fail("the listen key is not known any more");
  }

  #key(method: Method, signal?: AbortSignal): Promise<RestResult> {
    const options = { isSigned: true, weight: 1, urgency: "order", signal } as const;
    return this.#options.rest.request(method, path, {}, options);
  }

  /** A socket that is there at once, and opens when the key has come. */
  #openWithKey: OpenSocket = (base, handlers): Socket => {
    const ending = new AbortController();
    let socket: Socket | undefined;
    const open = async (): Promise<void> => {
      const result = await this.#key("POST", ending.signal);
      if (ending.signal.aborted) return;
      if (result.kind !== "data") throw errorOf(`POST ${path}`, result);
      const parsed = v.safeParse(listenKeySchema, result.data);
      if (!parsed.success) throw invalidAnswer(`POST ${path}`, "it names no key");
      this.#hasKey = true;
      socket = this.#options.ports.openSocket(`${base}/${parsed.output.listenKey}`, handlers);
    };
    open().catch((error: unknown) => handlers.onClose(`no listen key: ${describeError(error)}`));
    return {
      send: (text) => socket?.send(text),
      close: () => {
        ending.abort();
        socket?.close();
      },
    };
  };

  #accept(link: Link): LinkHandlers {
    const session: Session = { number: ++this.#sessionCount, link };
    return {
      onOpen: () => {
        this.#inUse = session;
        link.ready();
        this.#cancelHandOver();
        this.#cancelHandOver = this.#options.ports.scheduler.after(
          handOverAfterMs,
          () => this.#connection.handOver(),
        );
      },
      onText: (text) => this.#onText(session, text),
      onEnd: () => {
        if (this.#inUse === session) this.#inUse = undefined;
      },
    };
  }

  #onText(session: Session, text: string): void {
    // What a replaced link still says, its successor says too.
    if (this.#inUse !== undefined && session.number < this.#inUse.number) return;
    const tsRecvUs = this.#options.ports.clock.epochUs();
    let found: unknown;
    try {
      found = JSON.parse(text);
    } catch {
      return this.#options.misfits.note("private_frame_not_json", `${text.length} characters`);
    }
    const frame = isRecord(found) && isRecord(found["data"]) ? found["data"] : found;
    if (!isRecord(frame)) return this.#options.misfits.note("private_frame_not_known", "no record");
    const kind = frame["e"];
    if (typeof kind !== "string") return; // of a ping
    if (kind === "listenKeyExpired") return session.link.fail("the listen key expired");
    this.#options.onEvent(kind, frame, tsRecvUs);
  }
}
