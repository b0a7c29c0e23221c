/**
 * Strategies whose time the host moves: each plays the market data that it was sent up to a moment, timers in between,
 * and says when it is there. Nothing is conflated, so what a strategy sees does not depend on how fast it is.
 */
import type { IndexedBook } from "../../protocol/codec.ts";
import type { PluginMessage } from "../../protocol/messages.ts";
import { recordBytes, recordOffsets } from "../../protocol/records.ts";
import type { SandboxProcess } from "../../sandbox/sandbox.ts";

/** It plays to the moment that is named, whatever it asks for on the way. */
const wholeTurnUs = Number.MAX_SAFE_INTEGER;
const firstBytes = 256 * recordBytes;

export class PacedStrategies {
  readonly #all = new Set<PacedStrategy>();

  /** Takes a strategy's process under the host's time; it leaves by itself when the process ends. */
  pace(process: SandboxProcess): PacedStrategy {
    const paced = new PacedStrategy(process);
    this.#all.add(paced);
    void process.exited.then(() => {
      paced.end();
      this.#all.delete(paced);
    });
    return paced;
  }

  /** Resolves when all that have started have played up to a moment, or are gone. */
  async playTo(epochUs: number): Promise<void> {
    const turns: Promise<void>[] = [];
    for (const paced of this.#all) {
      const turn = paced.playTo(epochUs);
      if (turn !== undefined) turns.push(turn);
    }
    await Promise.all(turns);
  }
}

export class PacedStrategy implements SandboxProcess {
  readonly pid: number;
  readonly exited: SandboxProcess["exited"];
  readonly #process: SandboxProcess;
  #isReady = false;
  #isStopping = false;
  #turn: PromiseWithResolvers<void> | undefined;
  /** Records that wait for the next turn. */
  #bytes = new Uint8Array(firstBytes);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  constructor(process: SandboxProcess) {
    this.#process = process;
    this.pid = process.pid;
    this.exited = process.exited;
  }

  /** Looks at what the strategy says. @returns true for words about its time, which are meant for nobody else */
  hears(message: PluginMessage): boolean {
    switch (message.type) {
      case "ready":
        this.#isReady = true;
        return false;
      case "paused":
        this.#endTurn();
        return true;
      case "at":
        return true;
      default:
        return false;
    }
  }

  /** Undefined while it can't play: not started yet, or stopping. */
  playTo(epochUs: number): Promise<void> | undefined {
    this.#sendWaiting();
    if (!this.#isReady || this.#isStopping) return undefined;
    this.#turn ??= Promise.withResolvers<void>();
    this.#process.send({ type: "run_until", epochUs, lookaheadUs: wholeTurnUs });
    return this.#turn.promise;
  }

  /** It is gone. */
  end(): void {
    this.#isStopping = true;
    this.#endTurn();
  }

  send(message: Parameters<SandboxProcess["send"]>[0]): void {
    this.#process.send(message);
  }

  push(index: number, record: Uint8Array, at: number): void {
    if (this.#length === this.#bytes.length) this.#grow();
    this.#bytes.set(record.subarray(at, at + recordBytes), this.#length);
    this.#view.setUint32(this.#length + recordOffsets.index, index, true);
    this.#length += recordBytes;
  }

  pushBook(book: IndexedBook): void {
    this.#sendWaiting(); // what came before the book
    this.#process.pushBook(book);
  }

  sendRecords(records: Uint8Array): void {
    this.#sendWaiting();
    this.#process.sendRecords(records);
  }

  usage(): ReturnType<SandboxProcess["usage"]> {
    return this.#process.usage();
  }

  stop(reason: string, deadlineMs: number): ReturnType<SandboxProcess["stop"]> {
    this.#isStopping = true;
    this.#endTurn();
    return this.#process.stop(reason, deadlineMs);
  }

  kill(reason: Parameters<SandboxProcess["kill"]>[0]): ReturnType<SandboxProcess["kill"]> {
    return this.#process.kill(reason);
  }

  #sendWaiting(): void {
    if (this.#length === 0) return;
    this.#process.sendRecords(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
  }

  #grow(): void {
    const bytes = new Uint8Array(2 * this.#bytes.length);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  #endTurn(): void {
    this.#turn?.resolve();
    this.#turn = undefined;
  }
}
