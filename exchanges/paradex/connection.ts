/**
 * One WebSocket to the venue that is kept up: connect, authenticate, subscribe, watch for silence, and again with
 * growing waits for as long as it takes. Text frames are JSON-RPC, binary frames are passed on; field names inside
 * either are not known here.
 *
 * 1. At most one socket is in use; what an older one still says is ignored.
 * 2. A call ends exactly once: with the venue's answer, or as not sent, or as unknown.
 * 3. `connected` means: authenticated where that is asked for, and every required channel acknowledged.
 */
import type { Clock, ConnectionState, Log, Random, Scheduler, UnknownWhy } from "@berth/sdk";
import { backoffMs } from "@berth/sdk/venue/backoff.ts";
import type { OpenSocket, Socket, SocketHandlers } from "@berth/sdk/venue/transport.ts";
import type { ParadexMisfits } from "./misfits.ts";
import { parseJson, type TextFrame, textFrameSchema } from "./wire/json.ts";
import { read } from "./wire/records.ts";

export type CallResult =
  | { readonly kind: "result"; readonly result: unknown }
  | { readonly kind: "error"; readonly code: number; readonly message: string }
  | { readonly kind: "not_sent"; readonly details: string }
  | { readonly kind: "unknown"; readonly why: UnknownWhy; readonly details: string };

export interface ConnectionOptions {
  /** For log lines: `market data`. */
  readonly name: string;
  /** The first is used while it can be reached, then the others in turn. At least one. */
  readonly urls: readonly string[];
  readonly openSocket: OpenSocket;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly log: Log;
  readonly misfits: ParadexMisfits;
  /** Fetched before each connect, sent as the first frame. Absent for public data. */
  readonly bearer?: () => Promise<string>;
  /** The venue did not take the bearer. */
  readonly bearerRefused?: (bearer: string) => void;
  /** A refusal of any of these ends the connection; it is tried again. */
  readonly requiredChannels: readonly string[];
  /** Sent when nothing arrived for a while, where the venue sends no heartbeats of its own. */
  readonly probe?: { readonly method: string; readonly params: unknown };
  /** JSON push of a channel; `tsRecvUs` was taken before anything else, here and below. */
  readonly onPush: (channel: string, data: unknown, tsRecvUs: number) => void;
  /** Binary frame. */
  readonly onBinary: (view: DataView, tsRecvUs: number) => void;
  readonly onState: (state: ConnectionState) => void;
}

const connectTimeoutMs = 10_000;
const callTimeoutMs = 10_000;
/** The venue sends a heartbeat every 20 s on an idle connection; two may be lost. */
const staleAfterMs = 50_000;
const probeAfterMs = 20_000;
const watchEveryMs = 5_000;
/** A connection that lived this long was a good one: the next wait starts small again. */
const healthyAfterMs = 10_000;
const refusedRetryMs = 60_000;
const attemptsPerAddress = 2;

type ChannelState = "wanted" | "asked" | "active" | "refused";

export class VenueConnection {
  readonly #options: ConnectionOptions;
  readonly #channels = new Map<string, ChannelState>();
  readonly #pinned = new Set<string>();
  readonly #calls = new Map<number, (result: CallResult) => void>();
  #state: ConnectionState = "connecting";
  #socket: Socket | undefined;
  #generation = 0;
  #nextId = 1;
  #failures = 0;
  /** The first of the failures was no attempt, but a good connection that was lost. */
  #isFirstALoss = false;
  #addressAt = 0;
  #connectedMs = 0;
  #lastFrameMs = 0;
  #lastProbeMs = 0;
  #connections = 0;
  #cancelTimer: () => void = () => {};
  #cancelWatch: () => void = () => {};
  /** Of refused channels, on this connection. */
  readonly #cancelRetries: (() => void)[] = [];

  constructor(options: ConnectionOptions) {
    this.#options = options;
    for (const channel of options.requiredChannels) this.#channels.set(channel, "wanted");
    this.#lastFrameMs = options.clock.monotonicMs();
  }

  get state(): ConnectionState {
    return this.#state;
  }
  /** Connections made after the first. */
  get reconnects(): number {
    return Math.max(0, this.#connections - 1);
  }
  /** Attempts in a row that led to no lasting connection; 0 while there is one. */
  get failedAttempts(): number {
    return this.#state === "connected" ? 0 : this.#failures - (this.#isFirstALoss ? 1 : 0);
  }
  /** Since the last frame of any kind. */
  get heartbeatAgeMs(): number {
    return this.#options.clock.monotonicMs() - this.#lastFrameMs;
  }

  start(): void {
    this.#lastFrameMs = this.#options.clock.monotonicMs();
    void this.#connect();
    this.#watch();
  }

  stop(): void {
    this.#cancelTimer();
    this.#cancelWatch();
    this.#setState("stopped");
    this.#drop("stopped");
  }

  /** Wants a channel, now and after every reconnect. Idempotent. */
  subscribe(channel: string): void {
    if (this.#channels.has(channel)) return;
    this.#channels.set(channel, "wanted");
    if (this.#state === "connected") void this.#ask(channel);
  }

  /** Wants a channel for good: `unsubscribe` leaves it. */
  pin(channel: string): void {
    this.#pinned.add(channel);
    this.subscribe(channel);
  }

  unsubscribe(channel: string): void {
    if (this.#pinned.has(channel)) return;
    const state = this.#channels.get(channel);
    this.#channels.delete(channel);
    if (this.#socket !== undefined && (state === "active" || state === "asked")) {
      void this.#call("unsubscribe", { channel }, undefined);
    }
  }

  /** Subscribes anew, for a fresh snapshot. */
  resubscribe(channel: string): void {
    if (!this.#channels.has(channel) || this.#state !== "connected") return;
    void this.#call("unsubscribe", { channel }, undefined);
    void this.#ask(channel);
  }

  /** Sends one request. `signal` ends the wait, not the request. */
  call(method: string, params: unknown, signal: AbortSignal): Promise<CallResult> {
    if (this.#state !== "connected") return Promise.resolve({ kind: "not_sent", details: `${this.#state}` });
    return this.#call(method, params, signal);
  }

  #call(method: string, params: unknown, signal: AbortSignal | undefined): Promise<CallResult> {
    const socket = this.#socket;
    if (socket === undefined) return Promise.resolve({ kind: "not_sent", details: "no connection" });
    if (signal?.aborted === true) {
      return Promise.resolve({ kind: "not_sent", details: "the deadline had passed" });
    }
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const end = (result: CallResult) => {
        if (!this.#calls.delete(id)) return;
        cancelTimeout();
        signal?.removeEventListener("abort", timedOut);
        resolve(result);
      };
      const timedOut = () => end({ kind: "unknown", why: "timeout", details: `no answer to ${method}` });
      const cancelTimeout = signal === undefined
        ? this.#options.scheduler.after(callTimeoutMs, timedOut)
        : () => {};
      signal?.addEventListener("abort", timedOut, { once: true });
      this.#calls.set(id, end);
      try {
        socket.send(JSON.stringify({ jsonrpc: "2.0", method, params, id }));
      } catch (error) {
        // The socket was closing: the frame was not taken.
        end({ kind: "not_sent", details: error instanceof Error ? error.message : String(error) });
      }
    });
  }

  async #connect(): Promise<void> {
    const generation = ++this.#generation;
    const { bearer, openSocket, scheduler } = this.#options;
    const url = this.#address();
    let token: string | undefined;
    try {
      // Before the socket: an expired token would be refused over and over.
      token = bearer === undefined ? undefined : await bearer();
    } catch (error) {
      return this.#fail(generation, error instanceof Error ? error.message : String(error));
    }
    if (generation !== this.#generation || this.#state === "stopped") return;
    this.#cancelTimer = scheduler.after(
      connectTimeoutMs,
      () => this.#fail(generation, "connecting took too long"),
    );
    const isCurrent = () => generation === this.#generation && this.#state !== "stopped";
    const handlers: SocketHandlers = {
      onOpen: () => {
        if (isCurrent()) void this.#setUp(generation, token);
      },
      onText: (data) => {
        if (isCurrent()) this.#onText(data);
      },
      onBinary: (data) => {
        if (!isCurrent()) return;
        const tsRecvUs = this.#options.clock.epochUs();
        this.#lastFrameMs = this.#options.clock.monotonicMs();
        this.#options.onBinary(new DataView(data), tsRecvUs);
      },
      onClose: (details) => this.#fail(generation, `closed: ${details}`),
    };
    try {
      this.#socket = openSocket(url, handlers);
    } catch (error) {
      this.#fail(generation, error instanceof Error ? error.message : String(error));
    }
  }

  /** Two failures in a row, and it is the next address's turn. */
  #address(): string {
    const { log, name, urls } = this.#options;
    const at = Math.floor(this.#failures / attemptsPerAddress) % urls.length;
    if (at !== this.#addressAt) {
      log.warn("another address of the venue is tried", { connection: name, number: at + 1 });
    }
    this.#addressAt = at;
    return urls[at] ?? "";
  }

  /** Authenticates and subscribes; then the connection is live. */
  async #setUp(generation: number, token: string | undefined): Promise<void> {
    this.#lastFrameMs = this.#options.clock.monotonicMs();
    if (token !== undefined) {
      const answer = await this.#call("auth", { bearer: token }, undefined);
      if (generation !== this.#generation) return;
      if (answer.kind !== "result") {
        if (answer.kind === "error") this.#options.bearerRefused?.(token);
        return this.#fail(generation, `authentication failed: ${describeCall(answer)}`);
      }
    }
    const wanted = [...this.#channels.keys()];
    const results = await Promise.all(wanted.map((channel) => this.#ask(channel)));
    if (generation !== this.#generation || this.#state === "stopped") return;
    const refused = wanted.find((channel, i) =>
      results[i] === false && this.#options.requiredChannels.includes(channel)
    );
    if (refused !== undefined) return this.#fail(generation, `${refused} was refused`);
    this.#cancelTimer();
    this.#connectedMs = this.#options.clock.monotonicMs();
    this.#connections += 1;
    this.#setState("connected");
    // What was wanted while the others were asked for.
    for (const [channel, state] of this.#channels) if (state === "wanted") void this.#ask(channel);
  }

  /** @returns whether the venue acknowledged, which says little: it acknowledges some names that stay silent */
  async #ask(channel: string): Promise<boolean> {
    const generation = this.#generation;
    this.#channels.set(channel, "asked");
    const answer = await this.#call("subscribe", { channel }, undefined);
    if (generation !== this.#generation || !this.#channels.has(channel)) return answer.kind === "result";
    if (answer.kind === "result") {
      this.#channels.set(channel, "active");
      return true;
    }
    this.#channels.set(channel, "refused");
    this.#options.log.error("subscription refused", { channel, reason: describeCall(answer) });
    this.#cancelRetries.push(this.#options.scheduler.after(refusedRetryMs, () => {
      const isStillRefused = this.#channels.get(channel) === "refused" && generation === this.#generation;
      if (isStillRefused && this.#state === "connected") void this.#ask(channel);
    }));
    return false;
  }

  #onText(data: string): void {
    const tsRecvUs = this.#options.clock.epochUs();
    this.#lastFrameMs = this.#options.clock.monotonicMs();
    const frame = readTextFrame(data);
    if (frame === undefined) {
      const { misfits, name } = this.#options;
      return misfits.note("text_frame", `${name}, ${data.length} characters`);
    }
    if ("method" in frame) return this.#options.onPush(frame.params.channel, frame.params.data, tsRecvUs);
    const resolve = typeof frame.id === "number" ? this.#calls.get(frame.id) : undefined;
    if ("error" in frame) {
      const data = typeof frame.error.data === "string" ? ` ${frame.error.data}` : "";
      const result = { kind: "error", code: frame.error.code, message: frame.error.message + data } as const;
      if (resolve !== undefined) return resolve(result);
      this.#options.log.warn("error without a request", { code: result.code, message: result.message });
      return;
    }
    resolve?.({ kind: "result", result: frame.result });
  }

  /** Ends the attempt or connection of `generation` and schedules the next. */
  #fail(generation: number, reason: string): void {
    if (generation !== this.#generation || this.#state === "stopped") return;
    const { clock, log, name, random, scheduler } = this.#options;
    const wasConnected = this.#state === "connected";
    if (wasConnected && clock.monotonicMs() - this.#connectedMs > healthyAfterMs) {
      this.#failures = 0;
      this.#isFirstALoss = true;
    }
    this.#failures += 1;
    const waitMs = backoffMs(this.#failures, random);
    log.warn("connection lost", {
      connection: name,
      reason,
      failures: this.#failures,
      waitMs: Math.round(waitMs),
    });
    this.#cancelTimer();
    this.#drop(reason);
    this.#setState("reconnecting");
    this.#cancelTimer = scheduler.after(waitMs, () => void this.#connect());
  }

  /** Lets go of the socket; all calls under way end as unknown. */
  #drop(reason: string): void {
    const socket = this.#socket;
    for (const cancel of this.#cancelRetries.splice(0)) cancel();
    this.#generation += 1;
    this.#socket = undefined;
    for (const channel of this.#channels.keys()) this.#channels.set(channel, "wanted");
    for (const end of [...this.#calls.values()]) {
      end({ kind: "unknown", why: "disconnected", details: reason });
    }
    socket?.close();
  }

  /** Looks for silence; the venue's own heartbeats come every 20 s. */
  #watch(): void {
    this.#cancelWatch = this.#options.scheduler.after(watchEveryMs, () => {
      if (this.#state === "stopped") return;
      const { clock, probe } = this.#options;
      const nowMs = clock.monotonicMs();
      if (this.#state === "connected") {
        if (this.heartbeatAgeMs > staleAfterMs) {
          this.#fail(this.#generation, `silent for ${Math.round(this.heartbeatAgeMs)} ms`);
        } else if (
          probe !== undefined && this.heartbeatAgeMs > probeAfterMs &&
          nowMs - this.#lastProbeMs > probeAfterMs
        ) {
          this.#lastProbeMs = nowMs;
          void this.#call(probe.method, probe.params, undefined);
        }
      }
      this.#watch();
    });
  }

  #setState(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#options.onState(state);
  }
}

function readTextFrame(data: string): TextFrame | undefined {
  try {
    const result = read(textFrameSchema, parseJson(data));
    return result.kind === "read" ? result.value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** For log lines and errors. */
export function describeCall(result: CallResult): string {
  switch (result.kind) {
    case "result":
      return "acknowledged";
    case "error":
      return `${result.code} ${result.message}`;
    case "not_sent":
    case "unknown":
      return result.details;
    default:
      return result satisfies never;
  }
}
