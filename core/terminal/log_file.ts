/**
 * Log lines in a file, for a program that rotates it: when the file is moved away or removed, a new one is begun at the
 * same path, without a signal. Writing never waits: lines are queued and written by the system's own threads; what is
 * queued is bounded, and what does not fit is counted and told in the file.
 */
import { BerthError } from "../errors.ts";

/** The file system as the log uses it; tests hand in their own. */
export interface LogFileSystem {
  /** Opens for appending, for its owner alone, and makes the file where there is none. */
  open(path: string): Promise<OpenFile>;
  /** Which file stands at the path; undefined when none does. */
  identity(path: string): Promise<string | undefined>;
}

export interface OpenFile {
  readonly identity: string | undefined;
  /** Writes all of it. */
  write(bytes: Uint8Array): Promise<void>;
  close(): void;
}

const maxQueueBytes = 8 * 1024 * 1024;
const lookEveryMs = 1_000;

export interface LogFileOptions {
  readonly path: string;
  readonly monotonicMs: () => number;
  readonly files?: LogFileSystem;
  /** Called once, when it can't be written any more; until the next line is taken, lines are lost. */
  readonly onFailure: (error: unknown) => void;
}

export class LogFile implements AsyncDisposable {
  readonly #options: LogFileOptions;
  readonly #files: LogFileSystem;
  readonly #encoder = new TextEncoder();
  #file: OpenFile | undefined;
  #queue: string[] = [];
  #queuedBytes = 0;
  #lostLines = 0;
  #writing: Promise<void> | undefined;
  #lookedMs: number;
  #isFailing = false;

  private constructor(options: LogFileOptions, files: LogFileSystem, file: OpenFile) {
    this.#options = options;
    this.#files = files;
    this.#file = file;
    this.#lookedMs = options.monotonicMs();
  }

  /** @throws {BerthError} LOG_FILE_UNWRITABLE */
  static async open(options: LogFileOptions): Promise<LogFile> {
    const files = options.files ?? denoFiles;
    try {
      return new LogFile(options, files, await files.open(options.path));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new BerthError("LOG_FILE_UNWRITABLE", { file: options.path, reason }, { cause });
    }
  }

  /** @param line with its line break */
  write(line: string): void {
    if (this.#queuedBytes + line.length > maxQueueBytes) {
      this.#lostLines += 1;
      return;
    }
    this.#queue.push(line);
    this.#queuedBytes += line.length;
    this.#writing ??= this.#drain();
  }

  /** Writes what is queued and closes the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    this.#file?.close();
    this.#file = undefined;
  }

  async #drain(): Promise<void> {
    await null; // gathers what one turn writes
    while (this.#queue.length > 0) {
      const lines = this.#queue;
      this.#queue = [];
      this.#queuedBytes = 0;
      try {
        await this.#follow();
        await this.#file?.write(this.#encoder.encode(lines.join("") + lossLine(this.#lostLines)));
        this.#lostLines = 0;
        this.#isFailing = false;
      } catch (error) {
        this.#lostLines += lines.length;
        if (!this.#isFailing) this.#options.onFailure(error);
        this.#isFailing = true;
      }
    }
    this.#writing = undefined;
  }

  /** Begins a new file where the one it writes has gone from its place. */
  async #follow(): Promise<void> {
    const { path, monotonicMs } = this.#options;
    const nowMs = monotonicMs();
    if (nowMs - this.#lookedMs < lookEveryMs && !this.#isFailing) return;
    this.#lookedMs = nowMs;
    if (this.#file !== undefined && await this.#files.identity(path) === this.#file.identity) return;
    const file = await this.#files.open(path);
    this.#file?.close();
    this.#file = file;
  }
}

const lossLine = (lost: number): string =>
  lost === 0
    ? ""
    : `${JSON.stringify({ level: "error", source: "log", message: "lines were lost", lost })}\n`;

const identityOf = ({ dev, ino, birthtime }: Deno.FileInfo): string =>
  ino === null ? String(birthtime?.getTime()) : `${dev}/${ino}`;

const denoFiles: LogFileSystem = {
  async open(path) {
    const file = await Deno.open(path, { append: true, create: true, mode: 0o600 });
    return {
      identity: identityOf(await file.stat()),
      async write(bytes) {
        for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
      },
      close: () => file.close(),
    };
  },
  async identity(path) {
    try {
      return identityOf(await Deno.stat(path));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  },
};
