/**
 * A WebSocket of text frames that is kept: exponential back-off with jitter and no limit on attempts, pings in the
 * venue's own words, an end to sockets that went silent, another address when one fails, and a handover when the venue
 * announces a restart. Knows no field of any frame.
 *
 * 1. One link is in use; a link that failed or was replaced says nothing more after its `onEnd`.
 * 2. In a handover the old link stays in use until the new one is ready, and a moment longer for answers under way.
 * 3. `connected` means: the owner called `ready()` on the link in use.
 */
import type { Clock, Random, Scheduler } from "../../model/clock.ts";
import type { ConnectionState } from "../../model/venue_health.ts";
import { backoffMs } from "./backoff.ts";
import type { OpenSocket, Socket, SocketHeaders } from "./transport.ts";

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
  /** It does its work: logged in, subscribed. An older link in use is replaced. */
  ready(): void;
  /** Gives it up; the next attempt follows. */
  fail(why: string): void;
}
export interface LinkHandlers {
  /** Log in, subscribe. */
  onOpen(): void;
  onText(text: string): void;
  /** Lost, replaced or stopped: what was under way on it stays without answer. */
  onEnd(why: string): void;
}

/** How a venue is kept from closing a quiet connection, and known to be there. */
export interface KeepAlive {
  /** Sent when nothing came for `afterMs`; made for each where it states the time. */
  readonly ping: string | (() => string);
  readonly afterMs: number;
  /** A link on which nothing came for so long is given up. */
  readonly deadAfterMs: number;
  /** An answer to a ping that is no business of the owner's; absent where the owner is to see it. */
  readonly answer?: string;
}

/** How a socket is opened. */
export interface SocketRequest {
  readonly url: string;
  readonly headers?: SocketHeaders;
}

export interface ConnectionOptions {
  /** The preferred one first; after attempts that failed the next is tried, round and round. */
  readonly urls: readonly string[];
  readonly ports: ConnectionPorts;
  readonly keepAlive: KeepAlive;
  /** Of an address, what is asked of it: for venues that log in by the opening request. Called anew for each attempt. */
  readonly requestOf?: (url: string) => SocketRequest;
  /** Makes the handlers of a new socket. */
  readonly accept: (link: Link) => LinkHandlers;
  /** After the `onEnd` of a link that was lost. */
  readonly onState: (state: ConnectionState, why: string) => void;
}

const connectTimeoutMs = 10_000;
const watchEveryMs = 1_000;
/** A link that lived this long was a good one: the next wait starts small again. */
const healthyAfterMs = 10_000;
/** Links that failed or went silent before another address is tried; a healthy one that is lost is the first of them. */
const failuresBeforeSwitch = 2;
/** For answers that the old link still owes after a handover. */
const drainMs = 2_000;

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

/** What others may know of a connection. */
export interface ConnectionView {
  readonly state: ConnectionState;
  /** Links that were lost or replaced. */
  readonly reconnects: number;
  /** Attempts in a row that led to no lasting link; 0 while one is in use. */
  readonly failedAttempts: number;
  /** Since the last frame of any kind. */
  readonly heartbeatAgeMs: number;
}

/** Two connections of which both are needed, as one: the worse of each figure. */
export function together(one: ConnectionView, other: ConnectionView): ConnectionView {
  const states = [one.state, other.state];
  return {
    state: states.find((state) => state === "reconnecting") ??
      states.find((state) => state !== "connected") ??
      "connected",
    reconnects: one.reconnects + other.reconnects,
    failedAttempts: Math.max(one.failedAttempts, other.failedAttempts),
    heartbeatAgeMs: Math.max(one.heartbeatAgeMs, other.heartbeatAgeMs),
  };
}

export class KeptConnection implements ConnectionView {
  readonly #options: ConnectionOptions;
  #state: ConnectionState = "connecting";
  #current: LiveLink | undefined;
  #next: LiveLink | undefined;
  #draining: LiveLink | undefined;
  /** Links in a row that were no good. */
  #failures = 0;
  /** The first of them was no attempt, but a good link that was lost. */
  #isFirstALoss = false;
  #urlAt = 0;
  /** Links to the present address, one after the other, that were no good. */
  #urlFailures = 0;
  #isSilent = false;
  #lastFrameMs: number;
  #reconnects = 0;
  #cancelRetry: () => void = () => {};
  #cancelWatch: () => void = () => {};
  #cancelDrain: () => void = () => {};

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#lastFrameMs = options.ports.clock.monotonicMs();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Of the link that is made next, or is in use. */
  get url(): string {
    return this.#options.urls[this.#urlAt] ?? "";
  }

  /** Links that were lost or replaced. */
  get reconnects(): number {
    return this.#reconnects;
  }

  /** Attempts in a row that led to no lasting link; 0 while one is in use. */
  get failedAttempts(): number {
    return this.#state === "connected" ? 0 : this.#failures - (this.#isFirstALoss ? 1 : 0);
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
    this.#cancelDrain();
    this.#setState("stopped", "stopped");
    const links = [this.#current, this.#next, this.#draining];
    this.#current = this.#next = this.#draining = undefined;
    for (const link of links) if (link !== undefined) this.#end(link, "stopped");
  }

  /** The venue is about to close this connection: another one is made ready before it is let go. */
  handOver(): void {
    if (this.#state === "stopped" || this.#next !== undefined || this.#current?.isReady !== true) return;
    this.#next = this.#open().link;
  }

  #attempt(): void {
    const opened = this.#open();
    this.#current = opened.link;
    if (opened.link === undefined) this.#retry(opened.why);
  }

  #open(): { readonly link: LiveLink | undefined; readonly why: string } {
    const { accept, ports, requestOf } = this.#options;
    const address = this.#options.urls[this.#urlAt] ?? "";
    const nowMs = ports.clock.monotonicMs();
    let link: LiveLink | undefined;
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
      const { url, headers }: SocketRequest = requestOf?.(address) ?? { url: address };
      const socket = ports.openSocket(url, {
        onOpen: () => {
          if (link === undefined || !this.#isKnown(link)) return;
          link.isOpen = true;
          handlers.onOpen();
        },
        onText: (text) => {
          if (link === undefined || !this.#isKnown(link)) return;
          link.hasFrame = true;
          if (text !== this.#options.keepAlive.answer) handlers.onText(text);
        },
        onClose: (why) => {
          if (link !== undefined) this.#onLost(link, why === "" ? "closed" : why);
        },
      }, headers);
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
      return { link, why: "" };
    } catch (error) {
      return { link: undefined, why: error instanceof Error ? error.message : String(error) };
    }
  }

  #isKnown(link: LiveLink): boolean {
    return link === this.#current || link === this.#next || link === this.#draining;
  }

  #onReady(link: LiveLink): void {
    if (!this.#isKnown(link) || link.isReady) return;
    link.isReady = true;
    link.readySinceMs = this.#options.ports.clock.monotonicMs();
    if (link === this.#next) {
      const old = this.#current;
      this.#next = undefined;
      this.#current = link;
      this.#reconnects += 1;
      if (old !== undefined) this.#drain(old);
    }
    this.#setState("connected", "");
  }

  /** Keeps a replaced link for the answers it still owes. */
  #drain(old: LiveLink): void {
    this.#endDrain();
    this.#draining = old;
    this.#cancelDrain = this.#options.ports.scheduler.after(drainMs, () => this.#endDrain());
  }

  #endDrain(): void {
    const old = this.#draining;
    this.#draining = undefined;
    this.#cancelDrain();
    if (old !== undefined) this.#end(old, "replaced");
  }

  #onLost(link: LiveLink, why: string): void {
    if (link === this.#draining) return this.#endDrain();
    if (link === this.#next) {
      this.#next = undefined;
      return this.#end(link, why); // the old one goes on; its own end is followed by an attempt
    }
    if (link !== this.#current) return;
    this.#current = undefined;
    this.#reconnects += 1;
    const livedMs = this.#options.ports.clock.monotonicMs() - link.readySinceMs;
    if (livedMs > healthyAfterMs) {
      this.#failures = this.#urlFailures = 0;
      this.#isFirstALoss = true;
    }
    this.#end(link, why);
    if (this.#next !== undefined) {
      // The old one went before the new one was ready: the new one takes its place as it is.
      this.#current = this.#next;
      this.#next = undefined;
      return this.#setState("reconnecting", why);
    }
    this.#retry(why);
  }

  #retry(why: string): void {
    const { random, scheduler } = this.#options.ports;
    this.#failures += 1;
    this.#urlFailures += 1;
    const isSilent = this.#isSilent;
    this.#isSilent = false;
    if (isSilent || this.#urlFailures >= failuresBeforeSwitch) {
      this.#urlFailures = 0;
      this.#urlAt = (this.#urlAt + 1) % this.#options.urls.length;
    }
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
    const nowMs = this.#options.ports.clock.monotonicMs();
    for (const link of [this.#current, this.#next]) {
      if (link?.hasFrame !== true) continue;
      link.hasFrame = false;
      link.isPinged = false;
      link.lastFrameMs = nowMs;
      this.#lastFrameMs = nowMs;
    }
  }

  #watch(): void {
    this.#cancelWatch = this.#options.ports.scheduler.after(watchEveryMs, () => {
      this.#noteFrames();
      for (const link of [this.#current, this.#next]) if (link !== undefined) this.#look(link);
      if (this.#state !== "stopped") this.#watch();
    });
  }

  #look(link: LiveLink): void {
    const { keepAlive, ports } = this.#options;
    const nowMs = ports.clock.monotonicMs();
    const silentMs = nowMs - link.lastFrameMs;
    if (!link.isReady && nowMs - link.openedMs > connectTimeoutMs) {
      return this.#onLost(link, "connecting took too long");
    }
    if (silentMs > keepAlive.deadAfterMs) {
      this.#isSilent = true; // an address that lets us in and says nothing is left at once
      return this.#onLost(link, `nothing came for ${Math.round(silentMs)} ms`);
    }
    if (link.isOpen && !link.isPinged && silentMs >= keepAlive.afterMs) {
      link.isPinged = true;
      link.socket.send(typeof keepAlive.ping === "string" ? keepAlive.ping : keepAlive.ping());
    }
  }

  #setState(state: ConnectionState, why: string): void {
    if (this.#state === "stopped" || this.#state === state) return;
    this.#state = state;
    this.#options.onState(state, why);
  }
}
