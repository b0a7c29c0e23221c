/**
 * Standard output and error without waiting: text is queued and written by the system's own threads, so that a pager
 * that stands still never holds up the host. What is queued is bounded; beyond it text is thrown away and counted.
 */
import type { TerminalOutput, TerminalSize } from "./ports.ts";

/** A stream as Deno gives it; tests hand in their own. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<number>;
  writeSync(bytes: Uint8Array): number;
  isTerminal(): boolean;
}

export interface TerminalSystem {
  readonly stdout: ByteSink;
  readonly stderr: ByteSink;
  /** Environment variable; undefined when it isn't set. */
  variable(name: string): string | undefined;
  /** Throws where the size can't be found out. */
  consoleSize(): TerminalSize;
  /** Calls back on a changed size; returns how to end that. */
  onResize(callback: () => void): () => void;
  /** Calls back when the process ends, whatever the reason. */
  onExit(callback: () => void): void;
}

const maxQueueBytes = 4 * 1024 * 1024;

/** Bytes on their way to one stream. */
class SinkQueue {
  readonly #sink: ByteSink;
  readonly #encoder = new TextEncoder();
  #queue: Uint8Array[] = [];
  #isClosed = false;
  #writing: Promise<void> | undefined;
  pendingBytes = 0;
  droppedBytes = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  push(text: string): void {
    const bytes = this.#encoder.encode(text);
    if (this.#isClosed || this.pendingBytes + bytes.length > maxQueueBytes) {
      this.droppedBytes += bytes.length;
      return;
    }
    this.#queue.push(bytes);
    this.pendingBytes += bytes.length;
    this.#writing ??= this.#drain();
  }

  /** Resolves when nothing is left. */
  async empty(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #drain(): Promise<void> {
    await null; // gathers what one turn writes
    while (this.#queue.length > 0) {
      const batch = joined(this.#queue);
      this.#queue = [];
      await this.#writeAll(batch);
      this.pendingBytes -= batch.length;
    }
    this.#writing = undefined;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (!this.#isClosed && written < bytes.length) {
      try {
        written += await this.#sink.write(bytes.subarray(written));
      } catch {
        this.#isClosed = true; // the reader has gone (`| head`); there is nobody to tell
      }
    }
    this.droppedBytes += bytes.length - written;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A locale that is named and is not UTF-8 can't show box drawing; none at all is taken for UTF-8. */
function isUnicodeLocale(variable: (name: string) => string | undefined): boolean {
  const locale = [variable("LC_ALL"), variable("LC_CTYPE"), variable("LANG")].find((value) =>
    value !== undefined && value !== ""
  );
  return locale === undefined || /utf-?8/i.test(locale);
}

/** Opens the process's own streams, or those that a test hands in. */
export function openTerminalOutput(system: TerminalSystem = denoSystem()): TerminalOutput {
  const out = new SinkQueue(system.stdout);
  const errors = new SinkQueue(system.stderr);
  const isTerminal = system.stdout.isTerminal();
  const isPlain = (system.variable("NO_COLOR") ?? "") !== "" || system.variable("TERM") === "dumb";
  let restore: string | undefined;
  system.onExit(() => {
    if (restore !== undefined) writeAtOnce(system.stdout, restore);
    restore = undefined;
  });
  return {
    isTerminal,
    useColor: isTerminal && !isPlain,
    useUnicode: isUnicodeLocale((name) => system.variable(name)),
    size() {
      if (!isTerminal) return undefined;
      try {
        const size = system.consoleSize();
        return size.columns > 0 && size.rows > 0 ? size : undefined;
      } catch {
        return undefined; // some terminals, such as those of CI, have none
      }
    },
    onResize: (callback) => system.onResize(callback),
    write: (text) => out.push(text),
    writeError: (text) => errors.push(text),
    get pendingBytes() {
      return out.pendingBytes;
    },
    get droppedBytes() {
      return out.droppedBytes + errors.droppedBytes;
    },
    async flush(deadlineMs) {
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, deadlineMs);
      await Promise.race([Promise.all([out.empty(), errors.empty()]), late]);
      clearTimeout(timer);
    },
    restoreOnExit(text) {
      restore = text;
    },
  };
}

function writeAtOnce(sink: ByteSink, text: string): void {
  try {
    sink.writeSync(new TextEncoder().encode(text));
  } catch {
    // The terminal is gone and with it what was to be restored.
  }
}

/** This process's streams, variables and signals. */
function denoSystem(): TerminalSystem {
  const canSignalResize = Deno.build.os !== "windows";
  return {
    stdout: Deno.stdout,
    stderr: Deno.stderr,
    variable: (name) => Deno.env.get(name),
    consoleSize: () => Deno.consoleSize(),
    onResize(callback) {
      if (!canSignalResize) return () => {};
      Deno.addSignalListener("SIGWINCH", callback);
      return () => Deno.removeSignalListener("SIGWINCH", callback);
    },
    onExit(callback) {
      // An error that nobody caught ends the process without `unload`.
      for (const event of ["unload", "error", "unhandledrejection"]) {
        globalThis.addEventListener(event, callback);
      }
    },
  };
}
