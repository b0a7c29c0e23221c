/**
 * The journal of a simulated host: what is committed survives the host, what is not is gone. The same promises as the
 * real one (core/journal/writer.ts): order is kept, a turn of the engine is committed whole, counters are reserved in
 * blocks.
 */
import { BerthError } from "../../core/errors.ts";
import { bodyText, type KeptValue, type StoredRecord } from "../../core/journal/schema.ts";
import type { JournalReader } from "../../core/journal/reader.ts";
import type { JournalRecord, JournalWriter } from "../../core/journal/writer.ts";
import type { SimProcess } from "./virtual_time.ts";

/** The file: bodies as JSON text. */
export class JournalDisk {
  readonly records: (Omit<JournalRecord, "body"> & { readonly text: string })[] = [];
  readonly kept = new Map<string, { readonly scope: string; readonly key: string; readonly text: string }>();
  readonly counters = new Map<string, number>();
  /** Nothing more is committed. */
  isFull = false;

  keptValues(): readonly KeptValue[] {
    return [...this.kept.values()].map(({ scope, key, text }) => ({
      scope,
      key,
      tsUs: 0,
      body: JSON.parse(text),
    }));
  }

  /** The reader's part that a restart needs. */
  reader(): Pick<JournalReader, "last"> {
    return {
      last: (count, filter = {}) => {
        const { kinds, fromUs = -Infinity } = filter;
        return this.records.map((record, at) => ({ record, at }))
          .filter(({ record }) => record.tsUs >= fromUs && (kinds?.includes(record.kind) ?? true))
          .slice(-count)
          .map(({ record: { text, ...columns }, at }): StoredRecord => ({
            ...columns,
            sequence: at + 1,
            runId: undefined,
            body: JSON.parse(text),
          }));
      },
    };
  }
}

const counterBlock = 1000;

export class MemoryJournal implements JournalWriter {
  readonly notices = [];
  readonly kept: readonly KeptValue[];
  readonly #disk: JournalDisk;
  readonly #owner: SimProcess;
  readonly #commitDelayMs: () => number;
  readonly #counters = new Map<string, { next: number; reservedBelow: number }>();
  #pending: (() => void)[] = [];
  #isCommitPlanned = false;

  constructor(disk: JournalDisk, owner: SimProcess, commitDelayMs: () => number) {
    this.#disk = disk;
    this.#owner = owner;
    this.#commitDelayMs = commitDelayMs;
    this.kept = disk.keptValues();
    for (const [name, value] of disk.counters) {
      this.#counters.set(name, { next: value, reservedBelow: value });
    }
  }

  get pending(): number {
    return this.#pending.length;
  }

  append({ body, ...columns }: JournalRecord): void {
    const text = bodyText(body);
    this.#handOver(() => this.#disk.records.push({ ...columns, text }));
  }

  appendDurable(record: JournalRecord): Promise<void> {
    this.append(record);
    return this.durable();
  }

  durable(): Promise<void> {
    const disk = this.#disk;
    const lost = new BerthError("JOURNAL_FAILED", { file: "memory", reason: "disk full" });
    if (disk.isFull) return Promise.reject(lost);
    if (this.#pending.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => this.#pending.push(() => disk.isFull ? reject(lost) : resolve()));
  }

  keep(scope: string, key: string, body: unknown): void {
    const name = `${scope}\n${key}`;
    if (body === undefined) this.#handOver(() => this.#disk.kept.delete(name));
    else {
      const text = bodyText(body);
      this.#handOver(() => this.#disk.kept.set(name, { scope, key, text }));
    }
  }

  nextCounter(name: string): number {
    const counter = this.#counter(name);
    const taken = counter.next;
    this.#raise(name, counter, taken + 1);
    return taken;
  }

  peekCounter(name: string): number {
    return this.#counter(name).next;
  }

  raiseCounter(name: string, atLeast: number): void {
    const counter = this.#counter(name);
    if (atLeast > counter.next) this.#raise(name, counter, atLeast);
  }

  startRun(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }

  #counter(name: string): { next: number; reservedBelow: number } {
    const known = this.#counters.get(name) ?? { next: 1, reservedBelow: 1 };
    this.#counters.set(name, known);
    return known;
  }

  #raise(name: string, counter: { next: number; reservedBelow: number }, next: number): void {
    counter.next = next;
    if (next <= counter.reservedBelow) return;
    const reserved = next + counterBlock;
    counter.reservedBelow = reserved;
    this.#handOver(() => this.#disk.counters.set(name, reserved));
  }

  #handOver(operation: () => void): void {
    this.#pending.push(() => {
      if (!this.#disk.isFull) operation();
    });
    if (this.#isCommitPlanned) return;
    this.#isCommitPlanned = true;
    // A process that dies before the commit takes what it had not committed along.
    this.#owner.after(this.#commitDelayMs(), () => {
      this.#isCommitPlanned = false;
      for (const commit of this.#pending.splice(0)) commit();
    });
  }
}
