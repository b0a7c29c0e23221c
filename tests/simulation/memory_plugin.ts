/**
 * A plugin's own module as its process runs it: the SDK's runtime, frames of bytes in both directions, conflated market
 * data. What is missing is the process itself; its pipes and its clock are the simulation's.
 */
import { BerthError } from "../../core/errors.ts";
import { decodeJson, encodeBook, encodeMessage } from "../../core/protocol/codec.ts";
import { Conflation } from "../../core/protocol/conflation.ts";
import type { PluginMessage, StrategyHello } from "../../core/protocol/messages.ts";
import { parsePluginMessage } from "../../core/protocol/schemas.ts";
import { faultError, frameKinds, FrameReader, FrameWriter } from "../../core/protocol/stream.ts";
import type { SandboxExit, SandboxProcess } from "../../core/sandbox/sandbox.ts";
import { runPlugin } from "../../core/sdk/runtime.ts";
import { seededRandom } from "../../exchanges/simulation/random.ts";
import { SimProcess, type World } from "./virtual_time.ts";

export interface MemoryPluginOptions {
  readonly world: World;
  /** The host's process: when it is killed, so is the plugin's. */
  readonly host: SimProcess;
  /** The module's default export. */
  readonly module: unknown;
  readonly hello: StrategyHello;
  /** How long the next bytes are on their way, ms; they never overtake each other. */
  readonly delayMs: () => number;
  /** A message that passed the schema. */
  readonly onMessage: (message: PluginMessage) => void;
  /** It ended by itself or broke the protocol; not called for `kill`. */
  readonly onExit: (exit: SandboxExit) => void;
}

const maxQueuedBytes = 16 << 20;

export class MemoryPlugin implements SandboxProcess {
  readonly pid = 0;
  readonly exited: Promise<SandboxExit>;
  readonly #options: MemoryPluginOptions;
  readonly #process: SimProcess;
  readonly #writer: FrameWriter;
  readonly #reader = new FrameReader();
  readonly #conflation = new Conflation();
  readonly #exit = Promise.withResolvers<SandboxExit>();
  #isGone = false;

  constructor(options: MemoryPluginOptions) {
    const { world, host, module, hello, delayMs } = options;
    this.#options = options;
    this.exited = this.#exit.promise;
    this.#process = new SimProcess(world, host);
    const input = new Pipe(this.#process, delayMs);
    const output = new Pipe(host, delayMs, (bytes) => this.#take(bytes));
    this.#writer = new FrameWriter(input, {
      maxQueuedBytes,
      onOverflow: (queuedBytes) => this.#end(1, overflow(hello.pluginId, queuedBytes)),
      onError: (error) => this.#end(1, broken(hello.pluginId, error)),
      beforeWrite: (writer) => this.#conflation.drain(writer),
    });
    runPlugin({
      load: () => Promise.resolve({ default: module }),
      input: input.chunks(),
      output,
      platform: {
        epochMs: this.#process.epochMs,
        epochUs: this.#process.epochUs,
        monotonicMs: this.#process.monotonicMs,
        after: this.#process.after,
        nextTurn: (task) => void this.#process.after(0, task),
        heapUsedBytes: () => 0,
        seededRandom: (seed) => {
          const random = seededRandom(seed);
          return () => random.next();
        },
      },
      exit: (code) => this.#end(code, undefined),
    }).catch((error: unknown) => this.#end(1, broken(hello.pluginId, error)));
    this.send(hello);
  }

  send(message: Parameters<SandboxProcess["send"]>[0]): void {
    if (!this.#isGone) this.#writer.frame(frameKinds.message, encodeMessage(message));
  }

  push(index: number, record: Uint8Array, at: number): void {
    if (this.#isGone) return;
    this.#conflation.put(index, record, at);
    this.#writer.wake();
  }

  pushBook(book: Parameters<SandboxProcess["pushBook"]>[0]): void {
    if (!this.#isGone) this.#writer.frame(frameKinds.book, encodeBook(book));
  }

  sendRecords(records: Uint8Array): void {
    if (!this.#isGone) this.#writer.frame(frameKinds.records, records);
  }

  usage(): ReturnType<SandboxProcess["usage"]> {
    const { conflatedRecords, droppedTrades } = this.#conflation;
    const process = { cpuShare: 0, rssBytes: 0, heapUsedBytes: 0, loopDelayMs: 0, heartbeatAgeMs: 0 };
    return { ...process, conflatedRecords, droppedTrades };
  }

  stop(reason: string, deadlineMs: number): Promise<SandboxExit> {
    this.send({ type: "stop", reason, deadlineMs });
    const { host, hello } = this.#options;
    host.after(
      deadlineMs,
      () => this.#end(137, new BerthError("PLUGIN_STOP_LATE", { pluginId: hello.pluginId, deadlineMs })),
    );
    return this.exited;
  }

  kill(reason: BerthError): Promise<SandboxExit> {
    this.#close({ code: 137, signal: "SIGKILL", reason });
    return this.exited;
  }

  #take(bytes: Uint8Array): void {
    if (this.#isGone) return;
    const fault = this.#reader.push(bytes, (_kind, payload) => {
      const parsed = parsePluginMessage(decodeJson(payload), "strategy");
      if (parsed.kind === "fault") {
        return this.#end(1, broken(this.#options.hello.pluginId, parsed.reason));
      }
      if (parsed.message.type !== "heartbeat") this.#options.onMessage(parsed.message);
    });
    if (fault !== undefined) this.#end(1, faultError(this.#options.hello.pluginId, fault));
  }

  #end(code: number, reason: BerthError | undefined): void {
    if (this.#isGone) return;
    const exit = { code, signal: undefined, reason };
    this.#close(exit);
    this.#options.onExit(exit);
  }

  #close(exit: SandboxExit): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#process.kill();
    this.#writer.end();
    this.#exit.resolve(exit);
  }
}

/** Bytes on their way to a process; a write is done when they have arrived. */
class Pipe {
  readonly #reader: SimProcess;
  readonly #delayMs: () => number;
  readonly #onBytes: ((bytes: Uint8Array) => void) | undefined;
  readonly #arrived: Uint8Array[] = [];
  #waiting: (() => void) | undefined;

  constructor(reader: SimProcess, delayMs: () => number, onBytes?: (bytes: Uint8Array) => void) {
    this.#reader = reader;
    this.#delayMs = delayMs;
    this.#onBytes = onBytes;
  }

  /** The writer waits for each write: nothing overtakes. */
  write(bytes: Uint8Array): Promise<void> {
    const copy = bytes.slice();
    return new Promise((resolve) => {
      this.#reader.after(this.#delayMs(), () => {
        if (this.#onBytes === undefined) this.#arrived.push(copy);
        else this.#onBytes(copy);
        this.#waiting?.();
        resolve();
      });
    });
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.#arrived.shift();
      if (chunk !== undefined) yield chunk;
      else await new Promise<void>((resolve) => (this.#waiting = resolve));
    }
  }
}

const overflow = (pluginId: string, value: number): BerthError =>
  new BerthError("PLUGIN_LIMIT_EXCEEDED", {
    pluginId,
    limit: "maxQueuedBytes",
    value,
    allowed: maxQueuedBytes,
  });

const broken = (pluginId: string, error: unknown): BerthError =>
  new BerthError("PROTOCOL_BAD_FRAME", {
    pluginId,
    reason: error instanceof Error ? error.stack ?? error.message : String(error),
  });
