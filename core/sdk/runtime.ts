/**
 * What runs in a plugin's process: reads frames, loads the plugin when the host says hello, keeps the heartbeat, and
 * hands everything else to the strategy's or the adapter's runtime.
 */
import { describeError } from "../errors.ts";
import { decodeBook, decodeHostMessage, encodeMessage } from "../protocol/codec.ts";
import {
  type ExchangeHello,
  type HostMessage,
  type PluginMessage,
  protocolVersion,
  type StrategyHello,
} from "../protocol/messages.ts";
import { type ByteSink, type FrameKind, frameKinds, FrameReader, FrameWriter } from "../protocol/stream.ts";
import { ExchangeRuntime } from "./exchange_context.ts";
import type { ExchangeModule } from "./exchange.ts";
import type { Platform } from "./plugin_time.ts";
import { errorDetails, StrategyRuntime } from "./strategy_context.ts";
import type { StrategyModule } from "./strategy.ts";
import { VirtualRun } from "./virtual_run.ts";

/** Exit codes of a plugin's process; the host tells them from crashes. */
export const exitCodes = { stopped: 0, failed: 64, gaveUp: 65, lostHost: 66, badFrame: 67 } as const;

/** Most bytes that may wait for the host; beyond it the plugin talks faster than the host listens. */
const maxQueuedBytes = 64 << 20;

export interface RuntimeOptions {
  /** Loads the plugin's module: called after the process has locked itself up. */
  readonly load: () => Promise<unknown>;
  readonly input: AsyncIterable<Uint8Array>;
  readonly output: ByteSink;
  readonly platform: Platform;
  readonly exit: (code: number) => void;
}

/** What a strategy tells without asking for anything. */
const reports: ReadonlySet<PluginMessage["type"]> = new Set([
  "log",
  "gauge",
  "panel",
  "callback_error",
  "opportunity",
  "save_state",
]);

type Running = StrategyRuntime<Record<never, never>> | ExchangeRuntime<Record<never, never>>;

/** The default export of a plugin, as far as it can be believed. */
function moduleOf(loaded: unknown): { readonly manifest: unknown; readonly create: unknown } {
  const found = typeof loaded === "object" && loaded !== null && "default" in loaded
    ? loaded.default
    : undefined;
  if (typeof found !== "object" || found === null || !("manifest" in found) || !("create" in found)) {
    throw new Error("the module has no default export made by defineStrategy() or defineExchange()");
  }
  return { manifest: found.manifest, create: found.create };
}

const hasFactory = (module: { readonly create: unknown }): boolean => typeof module.create === "function";

/** The host validated the manifest's kind before it said this hello; here only the factory is looked at. */
function asStrategy(module: ReturnType<typeof moduleOf>): StrategyModule<Record<never, never>> {
  if (!hasFactory(module)) throw new Error("create is no function");
  return module as StrategyModule<Record<never, never>>;
}
function asExchange(module: ReturnType<typeof moduleOf>): ExchangeModule<Record<never, never>> {
  if (!hasFactory(module)) throw new Error("create is no function");
  return module as ExchangeModule<Record<never, never>>;
}

/** Most market data that is kept for a strategy while it is loaded; what comes beyond is as if it had come before. */
const maxEarlyBytes = 16 << 20;

/** Market data that arrives while a strategy is still being loaded and started: a book's snapshot comes but once. */
class EarlyFrames {
  #frames: { readonly kind: FrameKind; readonly payload: Uint8Array }[] = [];
  #bytes = 0;

  keep(kind: FrameKind, payload: Uint8Array): void {
    this.#bytes += payload.length;
    if (this.#bytes <= maxEarlyBytes) this.#frames.push({ kind, payload: payload.slice() });
  }

  replay(onFrame: (kind: FrameKind, payload: Uint8Array) => void): void {
    const frames = this.#frames;
    this.#frames = [];
    for (const { kind, payload } of frames) onFrame(kind, payload);
  }
}

/** Runs a plugin until the host stops it or goes away. */
export async function runPlugin(options: RuntimeOptions): Promise<void> {
  const { platform, exit } = options;
  const writer = new FrameWriter(options.output, {
    maxQueuedBytes,
    onOverflow: () => exit(exitCodes.lostHost),
    onError: () => exit(exitCodes.lostHost),
    pace: {
      minGapMs: 0.1,
      maxBatchBytes: 1 << 15,
      nowMs: () => platform.monotonicMs(),
      nextTurn: (task) => platform.nextTurn(task),
    },
  });
  const send = (message: PluginMessage): void => writer.frame(frameKinds.message, encodeMessage(message));
  const end = async (code: number): Promise<void> => {
    await writer.flushed();
    exit(code);
  };
  let running: Running | undefined;
  let virtual: VirtualRun | undefined;
  let hasHello = false;
  const pending: HostMessage[] = [];
  /** Nobody is called back before `onStart` is done. */
  let isStarted = false;
  const early = new EarlyFrames();

  let stampedUs = -Infinity;
  /** On virtual time: says of which moment a message is, and notes what the host will have to answer. */
  const stamped = (message: PluginMessage): void => {
    const nowUs = running instanceof StrategyRuntime ? running.time.epochUs() : stampedUs;
    if (nowUs > stampedUs) {
      stampedUs = nowUs;
      send({ type: "at", epochUs: nowUs });
    }
    if (!reports.has(message.type)) virtual?.noteIntent();
    send(message);
  };

  const start = async (hello: StrategyHello | ExchangeHello): Promise<void> => {
    startHeartbeat(hello.heartbeatEveryMs, platform, send);
    const module = moduleOf(await options.load());
    if (hello.role === "strategy") {
      const onGiveUp = (details: string): void => {
        send({ type: "failed", code: "PLUGIN_CALLBACK_THREW", details });
        end(exitCodes.gaveUp);
      };
      const sendAtTime = hello.timeMode === "virtual" ? stamped : send;
      const strategy = new StrategyRuntime({
        hello,
        module: asStrategy(module),
        send: sendAtTime,
        platform,
        onGiveUp,
      });
      running = strategy;
      if (hello.timeMode === "virtual") virtual = new VirtualRun(strategy);
      for (const message of pending.splice(0)) strategy.onMessage(message);
      await strategy.start();
      isStarted = true;
      early.replay((kind, payload) => onMarketData(kind, payload));
      send({ type: "ready", protocolVersion, capabilities: undefined, hasTrading: false });
    } else {
      const exchange = new ExchangeRuntime({
        hello,
        module: asExchange(module),
        writer,
        send,
        platform,
        onHostSilent: () => exit(exitCodes.lostHost),
      });
      const started = await exchange.start();
      running = exchange;
      send({ type: "ready", protocolVersion, ...started });
      for (const message of pending.splice(0)) exchange.onMessage(message);
    }
  };

  const fail = (error: unknown): void => {
    send({
      type: "failed",
      code: "PLUGIN_START_FAILED",
      details: `${describeError(error)}\n${errorDetails(error)}`.slice(0, 4_000),
    });
    end(exitCodes.failed);
  };

  const onHello = (hello: Extract<HostMessage, { readonly type: "hello" }>): void => {
    if (hasHello) return;
    hasHello = true;
    if (hello.protocolVersion !== protocolVersion) {
      return fail(
        new Error(
          `the host speaks protocol version ${hello.protocolVersion}, this plugin ${protocolVersion}`,
        ),
      );
    }
    if (hello.role === "probe") {
      options.load().then((loaded) => {
        send({ type: "manifest", manifest: moduleOf(loaded).manifest });
        return end(exitCodes.stopped);
      }).catch(fail);
      return;
    }
    start(hello).catch(fail);
  };

  const onMessage = (message: HostMessage): void => {
    if (message.type === "hello") return onHello(message);
    if (message.type === "stop") {
      const stopping = running instanceof StrategyRuntime ? running.stop(message.reason) : running?.stop();
      Promise.resolve(stopping).catch((error: unknown) => {
        send({ type: "callback_error", callback: "stop", details: errorDetails(error) });
      }).then(() => {
        send({ type: "stopped" });
        return end(exitCodes.stopped);
      });
      return;
    }
    if (message.type === "run_until") return playUntil(message.epochUs, message.lookaheadUs);
    if (running === undefined) pending.push(message);
    else running.onMessage(message);
  };

  /** Plays, lets what the strategy awaits settle at the moment that was reached, and hands over to the host. */
  const playUntil = (untilUs: number, lookaheadUs: number): void => {
    if (virtual === undefined) return fail(new Error("run_until without virtual time"));
    const run = virtual;
    const epochUs = run.play(untilUs, lookaheadUs);
    platform.nextTurn(() => {
      run.handOver();
      send({ type: "paused", epochUs });
    });
  };

  const onMarketData = (kind: FrameKind, payload: Uint8Array): void => {
    if (virtual !== undefined) {
      if (kind === frameKinds.records) virtual.queueRecords(payload);
      else virtual.queueBook(decodeBook(payload)?.tsRecvUs ?? -Infinity, payload);
    } else if (running instanceof StrategyRuntime) {
      if (kind === frameKinds.records) running.onRecords(payload);
      else running.onBook(payload);
    }
  };

  const reader = new FrameReader();
  for await (const chunk of options.input) {
    const fault = reader.push(chunk, (kind, payload) => {
      if (kind === frameKinds.message) onMessage(decodeHostMessage(payload));
      else if (!isStarted) early.keep(kind, payload);
      else onMarketData(kind, payload);
    });
    if (fault !== undefined) return exit(exitCodes.badFrame);
  }
  // The host is gone: nobody is left who could cancel or explain anything.
  exit(exitCodes.lostHost);
}

/** Shows the host that the event loop turns, and by how much it runs late. */
function startHeartbeat(everyMs: number, platform: Platform, send: (message: PluginMessage) => void): void {
  let count = 0;
  let dueMs = platform.monotonicMs() + everyMs;
  const beat = (): void => {
    const loopDelayMs = Math.max(0, platform.monotonicMs() - dueMs);
    dueMs = platform.monotonicMs() + everyMs;
    send({ type: "heartbeat", count: ++count, heapUsedBytes: platform.heapUsedBytes(), loopDelayMs });
    platform.after(everyMs, beat);
  };
  beat();
}
