/**
 * A WebSocket to Hyperliquid that is kept: exponential back-off with jitter and no limit on attempts, the venue's own
 * pings in JSON, an end to sockets that went silent. Knows no field of any frame.
 *
 * 1. One link is in use; a link that failed says nothing more after its `onEnd`.
 * 2. `connected` means: the owner called `ready()` on it.
 */
import type { Clock, ConnectionState, Random, Scheduler } from "@berth/sdk";
import { backoffMs } from "@berth/sdk/venue/backoff.ts";
import type { OpenSocket, Socket } from "@berth/sdk/venue/transport.ts";

export interface ConnectionPorts {
  readonly openSocket: OpenSocket;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
}

/** One socket's life as its owner sees it. */
export interface Link {
  /** False when the socket is not open: nothing was sent. */
  send(text: string): boolean;
  /** It does its work. */
  ready(): void;
  /** Gives it up; the next attempt follows. */
  fail(why: string): void;
}
export interface LinkHandlers {
  onOpen(): void;
  onText(text: string): void;
  /** Lost or stopped: what was under way on it stays without answer. */
  onEnd(why: string): void;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly ports: ConnectionPorts;
  /** Makes the handlers of a new socket. */
  readonly accept: (link: Link) => LinkHandlers;
  /** After the `onEnd` of a link that was lost. */
  readonly onState: (state: ConnectionState, why: string) => void;
}

const ping = '{"method":"ping"}';
/** The venue closes a connection on which it sent nothing for 60 s; its answer to a ping counts. */
const pingAfterMs = 15_000;
const deadAfterMs = 30_000;
const connectTimeoutMs = 10_000;
const watchEveryMs = 1_000;
/** A link that lived this long was a good one: the next wait starts small again. */
const healthyAfterMs = 10_000;

interface LiveLink {
  readonly socket: Socket;
  readonly handlers: LinkHandlers;
  readonly openedMs: number;
  isOpen: boolean;
  isReady: boolean;
  readySinceMs: number;
  lastFrameMs: number;
  /** Set by each frame, taken by the watch: cheaper than a look at the clock. */
  hasFrame: boolean;
  isPinged: boolean;
}

export class Connection {
  readonly #options: ConnectionOptions;
  #state: ConnectionState = "connecting";
  #current: LiveLink | undefined;
  #failures = 0;
  #lastFrameMs: number;
  #reconnects = 0;
  #cancelRetry: () => void = () => {};
  #cancelWatch: () => void = () => {};

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#lastFrameMs = options.ports.clock.monotonicMs();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Links that were lost. */
  get reconnects(): number {
    return this.#reconnects;
  }

  /** Since the last frame of any kind, to about a second. */
  get heartbeatAgeMs(): number {
    this.#noteFrames();
    return this.#options.ports.clock.monotonicMs() - this.#lastFrameMs;
  }

  start(): void {
    this.#lastFrameMs = this.#options.ports.clock.monotonicMs();
    this.#attempt();
    this.#watch();
  }

  stop(): void {
    this.#cancelRetry();
    this.#cancelWatch();
    this.#setState("stopped", "stopped");
    const link = this.#current;
    this.#current = undefined;
    if (link !== undefined) this.#end(link, "stopped");
  }

  #attempt(): void {
    const { accept, ports, url } = this.#options;
    const nowMs = ports.clock.monotonicMs();
    let link: LiveLink | undefined;
    const isCurrent = (): boolean => link !== undefined && link === this.#current;
    const handlers = accept({
      send: (text) => {
        if (link === undefined || !link.isOpen) return false;
        link.socket.send(text);
        return true;
      },
      ready: () => {
        if (link !== undefined) this.#onReady(link);
      },
      fail: (why) => {
        if (link !== undefined) this.#onLost(link, why);
      },
    });
    try {
      const socket = ports.openSocket(url, {
        onOpen: () => {
          if (link === undefined || !isCurrent()) return;
          link.isOpen = true;
          handlers.onOpen();
        },
        onText: (text) => {
          if (link === undefined || !isCurrent()) return;
          link.hasFrame = true;
          handlers.onText(text);
        },
        onClose: (why) => {
          if (link !== undefined) this.#onLost(link, why === "" ? "closed" : why);
        },
      });
      link = {
        socket,
        handlers,
        openedMs: nowMs,
        isOpen: false,
        isReady: false,
        readySinceMs: Infinity,
        lastFrameMs: nowMs,
        hasFrame: false,
        isPinged: false,
      };
      this.#current = link;
    } catch (error) {
      this.#retry(error instanceof Error ? error.message : String(error));
    }
  }

  #onReady(link: LiveLink): void {
    if (link !== this.#current || link.isReady) return;
    link.isReady = true;
    link.readySinceMs = this.#options.ports.clock.monotonicMs();
    this.#setState("connected", "");
  }

  #onLost(link: LiveLink, why: string): void {
    if (link !== this.#current) return;
    this.#current = undefined;
    this.#reconnects += 1;
    const livedMs = this.#options.ports.clock.monotonicMs() - link.readySinceMs;
    if (livedMs > healthyAfterMs) this.#failures = 0;
    this.#end(link, why);
    this.#retry(why);
  }

  #retry(why: string): void {
    const { random, scheduler } = this.#options.ports;
    this.#failures += 1;
    this.#setState("reconnecting", why);
    this.#cancelRetry();
    this.#cancelRetry = scheduler.after(backoffMs(this.#failures, random), () => this.#attempt());
  }

  #end(link: LiveLink, why: string): void {
    link.isOpen = false;
    link.handlers.onEnd(why);
    link.socket.close();
  }

  #noteFrames(): void {
    const link = this.#current;
    if (link?.hasFrame !== true) return;
    link.hasFrame = false;
    link.isPinged = false;
    link.lastFrameMs = this.#options.ports.clock.monotonicMs();
    this.#lastFrameMs = link.lastFrameMs;
  }

  #watch(): void {
    this.#cancelWatch = this.#options.ports.scheduler.after(watchEveryMs, () => {
      this.#noteFrames();
      if (this.#current !== undefined) this.#look(this.#current);
      if (this.#state !== "stopped") this.#watch();
    });
  }

  #look(link: LiveLink): void {
    const nowMs = this.#options.ports.clock.monotonicMs();
    const silentMs = nowMs - link.lastFrameMs;
    if (!link.isReady && nowMs - link.openedMs > connectTimeoutMs) {
      return this.#onLost(link, "connecting took too long");
    }
    if (silentMs > deadAfterMs) return this.#onLost(link, `nothing came for ${Math.round(silentMs)} ms`);
    if (link.isOpen && !link.isPinged && silentMs >= pingAfterMs) {
      link.isPinged = true;
      link.socket.send(ping);
    }
  }

  #setState(state: ConnectionState, why: string): void {
    if (this.#state === "stopped" || this.#state === state) return;
    this.#state = state;
    this.#options.onState(state, why);
  }
}
