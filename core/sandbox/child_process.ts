/**
 * A plugin in a child process of its own: permissions by command line, cleared environment, frames over its standard
 * streams, SIGKILL when it does not behave.
 */
import { basename, dirname, join, relative } from "node:path";
import { BerthError, describeError } from "../errors.ts";
import type { Clock } from "../model/clock.ts";
import { decodeBook, decodeJson, encodeBook, encodeMessage } from "../protocol/codec.ts";
import { Conflation } from "../protocol/conflation.ts";
import { protocolVersion } from "../protocol/messages.ts";
import { parsePluginMessage } from "../protocol/schemas.ts";
import { faultError, type FrameKind, frameKinds, FrameReader, FrameWriter } from "../protocol/stream.ts";
import { type OwnProcess, v8MemoryFlag } from "./edition.ts";
import { parentDeathPrefix } from "./parent_death.ts";
import { moduleTexts, readPluginFiles } from "./plugin_files.ts";
import { encodePreamble } from "./preamble.ts";
import { readProcessUsage } from "./process_usage.ts";
import type {
  Sandbox,
  SandboxExit,
  SandboxHandlers,
  SandboxLimits,
  SandboxProcess,
  SandboxSpec,
} from "./sandbox.ts";
import { SecretScreen } from "./secret_screen.ts";
import { sampleEveryMs, Supervisor } from "./supervisor.ts";

const heartbeatEveryMs = 50;
/** As much as a pipe holds. */
const readBytes = 1 << 16;
const maxErrorChars = 4_000;
/** Far more than it is asked for, and more than a host that stalled for a while finds waiting. */
const maxHeartbeatsPerSecond = 1_000;
/** What the runtime writes of a crash is some ten thousand; nothing else belongs there. */
const maxErrorBytesPerSecond = 1 << 20;

export interface ChildProcessOptions {
  readonly clock: Clock;
  /** The project's root: holds deno.json and `core/`. */
  readonly projectDir: string;
  /** Another entry of the process: tests stand there for a plugin that got past everything inside its process. */
  readonly bootstrapPath?: string;
}

/** The kind of sandbox that a source run uses: permissions by command line. */
export function createChildProcessSandbox(
  { clock, projectDir, bootstrapPath }: ChildProcessOptions,
): Sandbox {
  const entryPath = bootstrapPath ?? join(projectDir, "core/sandbox/bootstrap.ts");
  let prefix: readonly string[] | undefined;
  const launch = (spec: SandboxSpec): Launch => ({
    prefix: prefix ??= parentDeathPrefix(),
    // The name is for whoever looks at the list of processes.
    args: [...commandLine(spec, projectDir), entryPath, spec.pluginId],
    cwd: dirname(spec.entryPath),
    env: cacheEnvironment(),
  });
  return { start: (spec, handlers) => startProcess(clock, launch(spec), spec, handlers) };
}

/** One plugin in a process that speaks the protocol over its standard streams, whatever holds the plugin inside. */
export function startProcess(
  clock: Clock,
  launch: Launch,
  spec: SandboxSpec,
  handlers: SandboxHandlers,
): SandboxProcess {
  return new ChildProcess(clock, launch, spec, handlers);
}

/** How often plugins are asked to show a heartbeat. */
export const defaultHeartbeatEveryMs = heartbeatEveryMs;

/** How the process of one kind of sandbox is started. Nothing secret is on a command line. */
export interface Launch extends OwnProcess {
  /** Words before our own executable on the command line. */
  readonly prefix: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Code from text is off in every kind: what a plugin runs is what was read from its files. */
export const v8Flags = (limits: SandboxLimits): string =>
  `--max-old-space-size=${limits.heapMb},${v8MemoryFlag},--disallow-code-generation-from-strings`;

/** The command line of a plugin's process, up to its entry. */
export function commandLine(spec: SandboxSpec, projectDir: string): readonly string[] {
  const { net, read, write } = spec.permissions;
  const sdk = ["sdk", "model", "protocol", "errors.ts"].map((part) => join(projectDir, "core", part));
  return [
    "run",
    "--quiet",
    "--no-prompt",
    "--no-remote",
    "--cached-only",
    "--config",
    join(projectDir, "deno.json"),
    "--frozen",
    `--v8-flags=${v8Flags(spec.limits)}`,
    // The SDK's own modules, which are loaded when a plugin asks for them; never the plugin's files.
    `--allow-read=${[...sdk, ...read].join(",")}`,
    ...(net.length > 0 ? [`--allow-net=${net.join(",")}`] : []),
    ...(write.length > 0 ? [`--allow-write=${write.join(",")}`] : []),
  ];
}

class ChildProcess implements SandboxProcess {
  readonly pid: number;
  readonly exited: Promise<SandboxExit>;
  readonly #spec: SandboxSpec;
  readonly #clock: Clock;
  readonly #handlers: SandboxHandlers;
  readonly #process: Deno.ChildProcess;
  readonly #writer: FrameWriter;
  readonly #reader = new FrameReader();
  readonly #conflation = new Conflation();
  readonly #supervisor: Supervisor;
  readonly #sampler: ReturnType<typeof setInterval>;
  #reason: BerthError | undefined;
  #isStopping = false;
  #isGone = false;
  #failure: { readonly code: string; readonly details: string } | undefined;
  readonly #screen: SecretScreen;
  #errorTail = "";
  readonly #heartbeats = new RateWindow();
  readonly #errorBytes = new RateWindow();

  constructor(clock: Clock, launch: Launch, spec: SandboxSpec, handlers: SandboxHandlers) {
    this.#spec = spec;
    this.#screen = new SecretScreen("secrets" in spec.hello ? spec.hello.secrets : {});
    this.#clock = clock;
    this.#handlers = handlers;
    const [command, ...args] = [...launch.prefix, Deno.execPath(), ...launch.args];
    this.#process = new Deno.Command(command ?? Deno.execPath(), {
      args,
      ...(launch.cwd === undefined ? {} : { cwd: launch.cwd }),
      clearEnv: true,
      env: { ...launch.env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#process.pid;
    this.#supervisor = new Supervisor(
      spec.pluginId,
      spec.limits,
      heartbeatEveryMs,
      clock.monotonicMs(),
    );
    const input = this.#process.stdin.getWriter();
    // Frames pile up behind the first write until the plugin's files are with it.
    let begun: Promise<void> | undefined;
    const begin = (): Promise<void> => begun ??= this.#sendFiles((bytes) => input.write(bytes));
    this.#writer = new FrameWriter({ write: (bytes) => begin().then(() => input.write(bytes)) }, {
      maxQueuedBytes: spec.limits.maxQueuedBytes,
      onOverflow: (queuedBytes) =>
        void this.kill(this.#exceeded("maxQueuedBytes", queuedBytes, spec.limits.maxQueuedBytes)),
      onError: () => undefined, // the process is gone: its exit tells more than a broken pipe does
      beforeWrite: (writer) => this.#conflation.drain(writer),
    });
    const reading = this.#read();
    const logging = this.#readErrors();
    this.#sampler = setInterval(() => this.#sample(), sampleEveryMs);
    this.exited = this.#process.status.then(async (status) => {
      clearInterval(this.#sampler);
      await Promise.allSettled([reading, logging]);
      this.#isGone = true;
      this.#writer.end();
      const exit = {
        code: status.code,
        signal: status.signal ?? undefined,
        reason: this.#exitReason(status),
      };
      handlers.onExit(exit);
      return exit;
    });
    this.send(spec.hello);
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
    return { ...this.#supervisor.usage(this.#clock.monotonicMs()), conflatedRecords, droppedTrades };
  }

  async stop(reason: string, deadlineMs: number): Promise<SandboxExit> {
    this.#isStopping = true;
    this.send({ type: "stop", reason, deadlineMs });
    const timer = setTimeout(() => {
      this.kill(new BerthError("PLUGIN_STOP_LATE", { pluginId: this.#spec.pluginId, deadlineMs }));
    }, deadlineMs);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  kill(reason: BerthError): Promise<SandboxExit> {
    this.#reason ??= reason;
    this.#writer.end();
    if (!this.#isGone) this.#signal();
    return this.exited;
  }

  /** Reads the plugin's files and hands them over, checked against what was looked at before. */
  async #sendFiles(write: (bytes: Uint8Array) => Promise<void>): Promise<void> {
    const spec = this.#spec;
    const { pluginId, rootPath, entryPath, permissions, packages } = spec;
    const place = { name: pluginId, rootPath, entryPath };
    let texts: Readonly<Record<string, string>>;
    try {
      const files = await readPluginFiles(place);
      if (spec.filesHash !== undefined && spec.filesHash !== files.hash) {
        throw new BerthError("PLUGIN_FILES_CHANGED", { pluginId });
      }
      texts = moduleTexts(place, files);
    } catch (error) {
      const reason = error instanceof BerthError
        ? error
        : new BerthError("PLUGIN_START_FAILED", { pluginId, reason: describeError(error) });
      this.kill(reason);
      throw reason;
    }
    const entry = rootPath === entryPath
      ? basename(entryPath)
      : relative(rootPath, entryPath).replaceAll("\\", "/");
    await write(encodePreamble({ pluginId, permissions, modules: { entry, texts, packages } }));
  }

  #signal(): void {
    try {
      this.#process.kill("SIGKILL");
    } catch (error) {
      // Between its end and our reaping of it: the exit is on its way.
      if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  #sample(): void {
    const verdict = this.#supervisor.sample(this.#clock.monotonicMs(), () => readProcessUsage(this.pid));
    if (verdict !== undefined && this.#reason === undefined) this.kill(verdict);
  }

  async #read(): Promise<void> {
    for await (const chunk of chunksOf(this.#process.stdout)) {
      if (this.#reason !== undefined) continue; // it is being killed: nothing it says counts any more
      const fault = this.#reader.push(chunk, (kind, payload) => this.#takeFrame(kind, payload));
      if (fault !== undefined) this.kill(faultError(this.#spec.pluginId, fault));
    }
  }

  /** What goes wrong in the host over one plugin's frame ends that plugin and nobody else. */
  #takeFrame(kind: FrameKind, payload: Uint8Array): void {
    if (this.#reason !== undefined) return;
    try {
      this.#onFrame(kind, payload);
    } catch (error) {
      this.kill(
        error instanceof BerthError ? error : new BerthError("INVARIANT_BROKEN", {
          invariant: `the host can take any frame of ${this.#spec.pluginId}`,
          details: describeError(error),
        }, { cause: error }),
      );
    }
  }

  #onFrame(kind: FrameKind, payload: Uint8Array): void {
    if (kind === frameKinds.records) return this.#onRecords(payload);
    if (kind === frameKinds.book) return this.#onBook(payload);
    let found: unknown;
    try {
      found = decodeJson(this.#screen.message(payload));
    } catch {
      return this.#badFrame("a message that is no JSON");
    }
    const parsed = parsePluginMessage(found, this.#spec.role);
    if (parsed.kind === "fault") return this.#badFrame(parsed.reason);
    const { message } = parsed;
    if (message.type === "heartbeat") {
      const perSecond = this.#heartbeats.add(1, this.#clock.monotonicMs());
      if (perSecond > maxHeartbeatsPerSecond) {
        return void this.kill(this.#exceeded("heartbeatsPerSecond", perSecond, maxHeartbeatsPerSecond));
      }
      this.#supervisor.onHeartbeat(this.#clock.monotonicMs(), message.heapUsedBytes, message.loopDelayMs);
      return;
    }
    if (message.type === "ready") {
      const { protocolVersion: theirs } = message;
      if (theirs !== protocolVersion) {
        const facts = { pluginId: this.#spec.pluginId, theirs, ours: protocolVersion };
        return void this.kill(new BerthError("PROTOCOL_VERSION_MISMATCH", facts));
      }
      this.#supervisor.onReady(this.#clock.monotonicMs());
    }
    if (message.type === "health") this.#supervisor.onWaiting(this.#clock.monotonicMs());
    if (message.type === "failed") this.#failure = { code: message.code, details: message.details };
    this.#handlers.onMessage(message);
  }

  #onRecords(payload: Uint8Array): void {
    if (this.#spec.role !== "exchange") return this.#badFrame("market data from a strategy");
    this.#handlers.onRecords(payload);
  }

  #onBook(payload: Uint8Array): void {
    const book = this.#spec.role === "exchange" ? decodeBook(payload) : undefined;
    if (book === undefined) return this.#badFrame("a book that can't be read");
    this.#handlers.onBook(book);
  }

  #badFrame(reason: string): void {
    this.kill(new BerthError("PROTOCOL_BAD_FRAME", { pluginId: this.#spec.pluginId, reason }));
  }

  async #readErrors(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    const tell = (line: string): void => {
      const text = this.#screen.text(line);
      this.#errorTail = `${this.#errorTail}${text}\n`.slice(-maxErrorChars);
      if (text.trim() !== "") this.#handlers.onErrorLine(text.slice(0, 500));
    };
    for await (const chunk of this.#process.stderr) {
      if (this.#reason !== undefined) continue;
      const perSecond = this.#errorBytes.add(chunk.length, this.#clock.monotonicMs());
      if (perSecond > maxErrorBytesPerSecond) {
        this.kill(this.#exceeded("errorBytesPerSecond", perSecond, maxErrorBytesPerSecond));
      }
      // Whole lines, so that nothing that must not be shown is cut in two; an endless one is cut all the same.
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = (lines.pop() ?? "").slice(-maxErrorChars);
      for (const line of lines) tell(line);
    }
    if (rest !== "") tell(rest);
  }

  #exitReason(status: Deno.CommandStatus): BerthError | undefined {
    if (this.#reason !== undefined) return this.#reason;
    const { pluginId } = this.#spec;
    if (this.#failure !== undefined) {
      const reason = firstLine(this.#failure.details);
      const code = this.#failure.code === "PLUGIN_CALLBACK_THREW" ? "PLUGIN_CRASHED" : "PLUGIN_START_FAILED";
      return new BerthError(code, { pluginId, reason });
    }
    if (this.#isStopping || (status.code === 0 && this.#spec.role === "probe")) return undefined;
    const tail = withoutColors(this.#errorTail).split("\n").find((line) => /error|fatal/i.test(line)) ?? "";
    const how = status.signal === null ? `exit code ${status.code}` : `signal ${status.signal}`;
    return new BerthError("PLUGIN_CRASHED", {
      pluginId,
      reason: tail === "" ? how : `${how}, ${tail.trim().slice(0, 300)}`,
    });
  }

  #exceeded(limit: string, value: number, allowed: number): BerthError {
    return new BerthError("PLUGIN_LIMIT_EXCEEDED", { pluginId: this.#spec.pluginId, limit, value, allowed });
  }
}

/**
 * What a stream brings, each chunk valid until the next one is asked for. One buffer is read into again and again: the
 * stream's own way takes 64 KiB anew for each chunk however short, tens of megabytes a second that the garbage collector
 * then stops everything for.
 */
async function* chunksOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader({ mode: "byob" });
  let room = new Uint8Array(readBytes);
  for (;;) {
    const { value, done } = await reader.read(room);
    if (done) return;
    yield value;
    room = new Uint8Array(value.buffer);
  }
}

/** How much came within the second under way. */
class RateWindow {
  #count = 0;
  #tsStartedMs = -Infinity;

  /** Adds to it; returns the sum. */
  add(amount: number, nowMs: number): number {
    if (nowMs - this.#tsStartedMs >= 1_000) {
      this.#tsStartedMs = nowMs;
      this.#count = 0;
    }
    return this.#count += amount;
  }
}

const firstLine = (text: string): string => (text.split("\n")[0] ?? "").slice(0, 500);
// deno-lint-ignore no-control-regex
const withoutColors = (text: string): string => text.replaceAll(/\u001b\[[0-9;]*m/g, "");

/** Variables by which Deno finds its cache of transpiled modules and packages; they hold no secret. */
export function cacheEnvironment(): Record<string, string> {
  const names = ["DENO_DIR", "HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"];
  const found = names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(found), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
}
