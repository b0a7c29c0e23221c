/**
 * The engine's end of the journal: handing a record over costs a few microseconds and never waits for the disk. Whoever
 * must be sure that something is written (an intent, before its request leaves) awaits `durable()`; all that wait at
 * the same time are served by one commit.
 *
 * Invariants:
 * 1. Operations are committed in the order in which they were handed over.
 * 2. A promise of `durable` resolves only after everything handed over before the call is committed.
 * 3. What one turn of the event loop handed over is committed whole or not at all: a fill and the position it makes
 *    are never torn apart by a crash.
 * 4. After a failure nothing more is committed, every waiting and later promise is rejected, and `onFailure` is called
 *    once: a host that can't write down what it does must stop trading.
 */
import { BerthError } from "../errors.ts";
import type { Clock } from "../model/clock.ts";
import type {
  Durability,
  JournalNotice,
  OpenedJournal,
  OpenRequest,
  Operation,
  WorkerAnswer,
} from "./operations.ts";
import { recordOperation } from "./operations.ts";
import { bodyText, type JournalRecord, type KeptValue, type RunStart } from "./schema.ts";
import {
  controlWord,
  createSharedRing,
  largestFrameBytes,
  type SharedRing,
  writeFrame,
} from "./shared_ring.ts";

export type { Durability, JournalNotice } from "./operations.ts";
export type { JournalRecord, KeptValue, RunStart } from "./schema.ts";

export interface JournalOptions {
  readonly path: string;
  readonly clock: Pick<Clock, "epochMs" | "epochUs">;
  /** @default "process_crash": survives the death of the host. "power_loss" waits for the disk in each commit. */
  readonly durability?: Durability;
  /** Called once when the journal can no longer be written. */
  readonly onFailure?: (error: BerthError) => void;
  /** Records nobody waits for are committed together, at most this much later. @default 5 */
  readonly lingerMs?: number;
  /** @default 2 MiB; a power of two */
  readonly ringBytes?: number;
  /** What may wait beside a full ring while the disk is slow; beyond it the journal fails. @default 64 MiB */
  readonly maxBacklogBytes?: number;
}

export interface JournalWriter {
  /** How the journal was found: set aside, migrated, left by a crash. */
  readonly notices: readonly JournalNotice[];
  /** Values kept by earlier runs. */
  readonly kept: readonly KeptValue[];
  /** Hands a record over. @throws {BerthError} JOURNAL_ENTRY_TOO_LARGE */
  append(record: JournalRecord): void;
  /** `append`, then `durable`. */
  appendDurable(record: JournalRecord): Promise<void>;
  /** Resolves when everything handed over so far is committed. @throws {BerthError} JOURNAL_FAILED */
  durable(): Promise<void>;
  /** Keeps the newest value under a key (plugin state, a working order); undefined forgets it. Ordered with records. */
  keep(scope: string, key: string, body: unknown): void;
  /**
   * A number that was never returned before, not by a run that crashed nor by a journal that was deleted: a new
   * journal starts at the time in hundredths of a second since the epoch. Blocks are reserved ahead; the
   * reservation is committed with or before the next durable record.
   */
  nextCounter(name: string): number;
  /** The next number of `nextCounter`, without taking it. */
  peekCounter(name: string): number;
  /** Numbers below this were used outside; the counter moves beyond them. */
  raiseCounter(name: string, atLeast: number): void;
  /** Begins a run; records belong to it from now on. */
  startRun(run: RunStart): void;
  /** Operations handed over and not yet committed. */
  readonly pending: number;
  /** Commits everything, ends the run and closes the file. Later calls do nothing. */
  close(options: { readonly isClean: boolean }): Promise<void>;
}

/**
 * Opens the journal on its own thread, making or mending the file where needed.
 *
 * @throws {BerthError} JOURNAL_SCHEMA_NEWER, JOURNAL_FAILED
 */
export async function openJournal(options: JournalOptions): Promise<JournalWriter> {
  const ring = createSharedRing(options.ringBytes ?? 2 * 1024 * 1024);
  const worker = new Worker(new URL("./journal_worker.ts", import.meta.url), {
    type: "module",
    name: "journal",
  });
  const request: OpenRequest = {
    ring,
    path: options.path,
    durability: options.durability ?? "process_crash",
    tsNowMs: options.clock.epochMs(),
    lingerMs: options.lingerMs ?? 5,
  };
  try {
    worker.postMessage(request);
    const opened = await openedBy(worker, options.path);
    return new ThreadedJournal(options, worker, ring, opened);
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

function openedBy(worker: Worker, file: string): Promise<OpenedJournal> {
  const { promise, resolve, reject } = Promise.withResolvers<OpenedJournal>();
  worker.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => {
    switch (data.kind) {
      case "opened":
        return resolve(data.opened);
      case "newer_schema":
        return reject(new BerthError("JOURNAL_SCHEMA_NEWER", { file, found: data.found, known: data.known }));
      case "failed":
        return reject(new BerthError("JOURNAL_FAILED", { file, reason: data.reason }));
      case "closed":
        return reject(new BerthError("JOURNAL_FAILED", { file, reason: "its thread ended" }));
      default:
        return data satisfies never;
    }
  };
  worker.onerror = (event) => {
    event.preventDefault(); // or the whole host would end
    reject(new BerthError("JOURNAL_FAILED", { file, reason: event.message }));
  };
  return promise;
}

interface Waiter {
  /** Resolved when this many operations are committed. */
  readonly operations: number;
  readonly resolve: () => void;
  readonly reject: (error: BerthError) => void;
}

interface Counter {
  next: number;
  reservedBelow: number;
}

const counterBlock = 1000;

class ThreadedJournal implements JournalWriter {
  readonly notices: readonly JournalNotice[];
  readonly kept: readonly KeptValue[];
  readonly #options: JournalOptions;
  readonly #worker: Worker;
  readonly #ring: SharedRing;
  readonly #counters = new Map<string, Counter>();
  readonly #encoder = new TextEncoder();
  readonly #scratch: Uint8Array<ArrayBuffer>;
  readonly #maxBacklogBytes: number;
  /** Frames that found the ring full, oldest first. */
  #backlog: Uint8Array[] = [];
  #backlogBytes = 0;
  #waiters: Waiter[] = [];
  #handedOver = 0;
  #committed = 0;
  /** Something was handed over in this turn of the event loop. */
  #isTurnOpen = false;
  #isWatching = false;
  #failure: BerthError | undefined;
  #runId: string | undefined;
  #closing: Promise<void> | undefined;
  readonly #ended = Promise.withResolvers<void>();

  constructor(options: JournalOptions, worker: Worker, ring: SharedRing, opened: OpenedJournal) {
    this.#options = options;
    this.#worker = worker;
    this.#ring = ring;
    this.#scratch = new Uint8Array(largestFrameBytes(ring));
    this.#maxBacklogBytes = options.maxBacklogBytes ?? 64 * 1024 * 1024;
    this.notices = opened.notices;
    this.kept = opened.kept;
    for (const [name, value] of Object.entries(opened.counters)) {
      this.#counters.set(name, { next: value, reservedBelow: value });
    }
    worker.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => this.#onAnswer(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(event.message);
    };
  }

  get pending(): number {
    this.#readCommitted();
    return this.#handedOver - this.#committed;
  }

  append(record: JournalRecord): void {
    this.#handOver(recordOperation(record), record.id);
  }

  appendDurable(record: JournalRecord): Promise<void> {
    this.append(record);
    return this.durable();
  }

  durable(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#readCommitted();
    if (this.#committed === this.#handedOver) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiters.push({ operations: this.#handedOver, resolve, reject });
    this.#wakeWorker(true);
    this.#watch();
    return promise;
  }

  keep(scope: string, key: string, body: unknown): void {
    const text = body === undefined ? null : bodyText(body);
    this.#handOver(["keep", scope, key, this.#options.clock.epochUs(), text], `${scope}/${key}`);
  }

  nextCounter(name: string): number {
    const counter = this.#counter(name);
    const taken = counter.next;
    counter.next += 1;
    this.#reserve(name, counter);
    return taken;
  }

  peekCounter(name: string): number {
    return this.#counter(name).next;
  }

  raiseCounter(name: string, atLeast: number): void {
    const counter = this.#counter(name);
    if (!(atLeast > counter.next)) return;
    counter.next = atLeast;
    this.#reserve(name, counter);
  }

  startRun(run: RunStart): void {
    this.#runId = run.runId;
    this.#handOver(["run_start", run], run.runId);
  }

  close(options: { readonly isClean: boolean }): Promise<void> {
    this.#closing ??= this.#close(options.isClean);
    return this.#closing;
  }

  async #close(isClean: boolean): Promise<void> {
    if (this.#failure === undefined) {
      // What was reserved and not used is given back: a clean restart goes on without a gap.
      for (const [name, counter] of this.#counters) this.#handOver(["counter", name, counter.next], name);
      if (this.#runId !== undefined) {
        this.#handOver(["run_stop", this.#runId, this.#options.clock.epochMs(), isClean], this.#runId);
      }
      this.#handOver(["close"], "close");
      this.#wakeWorker(true);
      this.#watch();
    }
    await this.#ended.promise;
    this.#worker.terminate();
    if (this.#failure !== undefined) throw this.#failure;
  }

  #counter(name: string): Counter {
    const known = this.#counters.get(name);
    if (known !== undefined) return known;
    const start = Math.floor(this.#options.clock.epochMs() / 10);
    const counter: Counter = { next: start, reservedBelow: start };
    this.#counters.set(name, counter);
    return counter;
  }

  #reserve(name: string, counter: Counter): void {
    if (counter.next <= counter.reservedBelow) return;
    counter.reservedBelow = counter.next + counterBlock;
    this.#handOver(["counter", name, counter.reservedBelow], name);
  }

  #handOver(operation: Operation, id: string): void {
    if (this.#failure !== undefined) return; // `durable` tells; onFailure has told
    this.#write(operation, id);
    if (this.#isTurnOpen) return;
    this.#isTurnOpen = true;
    queueMicrotask(() => this.#endTurn());
  }

  #endTurn(): void {
    this.#isTurnOpen = false;
    if (this.#failure !== undefined) return;
    this.#write(["turn_end"], "turn_end");
    this.#wakeWorker(this.#waiters.length > 0);
  }

  #write(operation: Operation, id: string): void {
    const text = JSON.stringify(operation);
    const { read, written } = this.#encoder.encodeInto(text, this.#scratch);
    if (read < text.length) {
      throw new BerthError("JOURNAL_ENTRY_TOO_LARGE", {
        id,
        sizeBytes: this.#encoder.encode(text).length,
        limitBytes: this.#scratch.length,
      });
    }
    this.#handedOver += 1;
    const frame = this.#scratch.subarray(0, written);
    if (this.#backlog.length > 0 || !writeFrame(this.#ring, frame)) this.#setBack(frame.slice());
  }

  #setBack(frame: Uint8Array): void {
    this.#backlog.push(frame);
    this.#backlogBytes += frame.length;
    if (this.#backlogBytes > this.#maxBacklogBytes) {
      this.#fail(`${this.#backlogBytes} bytes wait for a disk that does not keep up`);
      return;
    }
    this.#watch();
  }

  #wakeWorker(isUrgent: boolean): void {
    const { control } = this.#ring;
    if (isUrgent) {
      Atomics.add(control, controlWord.urgent, 1);
      Atomics.notify(control, controlWord.urgent);
    }
    Atomics.add(control, controlWord.wake, 1);
    Atomics.notify(control, controlWord.wake);
  }

  /** Follows the worker's progress as long as someone waits for it. */
  async #watch(): Promise<void> {
    if (this.#isWatching) return;
    this.#isWatching = true;
    const { control } = this.#ring;
    while (this.#failure === undefined) {
      const seen = Atomics.load(control, controlWord.progress);
      this.#readCommitted();
      this.#settle();
      this.#drainBacklog();
      if (this.#waiters.length === 0 && this.#backlog.length === 0) break;
      const wait = Atomics.waitAsync(control, controlWord.progress, seen);
      if (wait.async) await wait.value;
    }
    this.#isWatching = false;
  }

  /** Takes over the worker's count. */
  #readCommitted(): void {
    const word = Atomics.load(this.#ring.control, controlWord.committed);
    this.#committed += (word - this.#committed) | 0; // the word wraps at 2^32, ours does not
  }

  #settle(): void {
    const isDone = (waiter: Waiter): boolean => waiter.operations <= this.#committed;
    const done = this.#waiters.filter(isDone);
    if (done.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !isDone(waiter));
    for (const waiter of done) waiter.resolve();
  }

  #drainBacklog(): void {
    if (this.#backlog.length === 0) return;
    const firstLeft = this.#backlog.findIndex((frame) => !writeFrame(this.#ring, frame));
    this.#backlog = firstLeft === -1 ? [] : this.#backlog.slice(firstLeft);
    this.#backlogBytes = this.#backlog.reduce((sum, frame) => sum + frame.length, 0);
    this.#wakeWorker(this.#waiters.length > 0);
  }

  #onAnswer(answer: WorkerAnswer): void {
    if (answer.kind === "closed") this.#ended.resolve();
    if (answer.kind === "failed") this.#fail(answer.reason);
  }

  #fail(reason: string): void {
    if (this.#failure !== undefined) return;
    const failure = new BerthError("JOURNAL_FAILED", { file: this.#options.path, reason });
    this.#failure = failure;
    for (const waiter of this.#waiters) waiter.reject(failure);
    this.#waiters = [];
    this.#backlog = [];
    this.#ended.resolve();
    Atomics.notify(this.#ring.control, controlWord.progress); // lets the watcher see it
    this.#options.onFailure?.(failure);
  }
}
