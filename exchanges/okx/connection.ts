/**
 * One WebSocket to OKX that is kept: exponential back-off with jitter and no limit on attempts, text pings, and an end
 * to connections that went silent. Knows no field of any channel.
 */
import type { Clock, ConnectionState, Random, Scheduler } from "@berth/sdk";

/** What is used of a WebSocket. */
export interface Socket {
  send(text: string): void;
  close(): void;
}
export interface SocketHandlers {
  onOpen(): void;
  onText(text: string): void;
  onClose(why: string): void;
}
export type OpenSocket = (url: string, handlers: SocketHandlers) => Socket;

/** The platform's own WebSocket. */
export function openWebSocket(url: string, handlers: SocketHandlers): Socket {
  const socket = new WebSocket(url);
  socket.onopen = () => handlers.onOpen();
  socket.onmessage = (event) => handlers.onText(typeof event.data === "string" ? event.data : "");
  socket.onclose = (event) => handlers.onClose(`${event.code} ${event.reason}`.trim());
  // `onclose` follows every error and says more.
  socket.onerror = (event) => event.preventDefault();
  return { send: (text) => socket.send(text), close: () => socket.close() };
}

export interface ConnectionPorts {
  readonly openSocket: OpenSocket;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
}

export interface ConnectionHandlers {
  /** The socket is open: log in, subscribe. */
  onOpen(): void;
  onText(text: string): void;
  onState(state: ConnectionState, why: string): void;
}

const pingAfterMs = 15_000;
const deadAfterMs = 25_000;
const firstDelayMs = 250;
const maxDelayMs = 30_000;

export class Connection {
  readonly #url: string;
  readonly #ports: ConnectionPorts;
  readonly #handlers: ConnectionHandlers;
  #socket: Socket | undefined;
  #state: ConnectionState = "connecting";
  #isOpen = false;
  #attempts = 0;
  #lastFrameMs = 0;
  #cancelTimer: () => void = () => {};
  reconnects = 0;

  constructor(url: string, ports: ConnectionPorts, handlers: ConnectionHandlers) {
    this.#url = url;
    this.#ports = ports;
    this.#handlers = handlers;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get heartbeatAgeMs(): number {
    return this.#lastFrameMs === 0 ? Infinity : this.#ports.clock.monotonicMs() - this.#lastFrameMs;
  }

  start(): void {
    this.#open();
  }

  stop(): void {
    this.#setState("stopped", "stopped");
    this.#cancelTimer();
    this.#socket?.close();
    this.#socket = undefined;
    this.#isOpen = false;
  }

  /** True when the text was handed to an open socket. */
  send(text: string): boolean {
    if (!this.#isOpen || this.#socket === undefined) return false;
    this.#socket.send(text);
    return true;
  }

  /** The connection does its work: set by whoever knows when (subscribed, logged in). */
  markConnected(): void {
    this.#attempts = 0;
    this.#setState("connected", "");
  }

  /** Ends this socket; the next attempt follows. */
  reconnect(why: string): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#onClose(socket, why);
    socket.close();
  }

  #open(): void {
    this.#cancelTimer = this.#ports.scheduler.after(1_000, () => this.#watch());
    this.#lastFrameMs = this.#ports.clock.monotonicMs();
    const socket: Socket = this.#ports.openSocket(this.#url, {
      onOpen: () => {
        if (this.#socket !== socket) return;
        this.#isOpen = true;
        this.#handlers.onOpen();
      },
      onText: (text) => {
        if (this.#socket !== socket) return;
        this.#lastFrameMs = this.#ports.clock.monotonicMs();
        if (text !== "pong") this.#handlers.onText(text);
      },
      onClose: (why) => this.#onClose(socket, why),
    });
    this.#socket = socket;
  }

  #onClose(socket: Socket, why: string): void {
    if (this.#socket !== socket || this.#state === "stopped") return;
    this.#socket = undefined;
    this.#isOpen = false;
    this.reconnects += 1;
    this.#setState("reconnecting", why);
    const bound = Math.min(maxDelayMs, firstDelayMs * 2 ** this.#attempts++);
    this.#cancelTimer();
    this.#cancelTimer = this.#ports.scheduler.after(
      bound * (0.5 + this.#ports.random.next() / 2),
      () => this.#open(),
    );
  }

  #watch(): void {
    if (this.#state === "stopped" || this.#socket === undefined) return;
    const silentMs = this.heartbeatAgeMs;
    if (silentMs > deadAfterMs) return this.reconnect(`nothing came for ${Math.round(silentMs)} ms`);
    if (silentMs > pingAfterMs) this.send("ping");
    this.#cancelTimer = this.#ports.scheduler.after(1_000, () => this.#watch());
  }

  #setState(state: ConnectionState, why: string): void {
    if (this.#state === "stopped" || this.#state === state) return;
    this.#state = state;
    this.#handlers.onState(state, why);
  }
}
