/** What parts of an adapter are handed in tests: time that moves only when told, chance that is none, a log to look at, sockets that are played by hand. */
import type { Clock, Log, LogFields, Random, Scheduler } from "@berth/sdk";
import type { Socket, SocketHandlers, SocketHeaders } from "@berth/sdk/venue/transport.ts";

/** Clock and scheduler that move only when told. */
export class VirtualTime implements Clock, Scheduler {
  #nowMs = 1_759_400_000_000;
  #nextId = 0;
  readonly #tasks = new Map<number, { readonly dueMs: number; readonly task: () => void }>();

  epochMs = (): number => this.#nowMs;
  epochUs = (): number => this.#nowMs * 1000;
  monotonicMs = (): number => this.#nowMs;

  after = (delayMs: number, task: () => void): () => void => {
    const id = this.#nextId++;
    this.#tasks.set(id, { dueMs: this.#nowMs + delayMs, task });
    return () => void this.#tasks.delete(id);
  };

  /** Runs what is due within `durationMs`, in order, letting promises settle after each. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs;
    await settle();
    while (true) {
      const due = [...this.#tasks].filter(([, task]) => task.dueMs <= endMs)
        .sort(([idA, a], [idB, b]) => a.dueMs - b.dueMs || idA - idB)[0];
      if (due === undefined) break;
      this.#tasks.delete(due[0]);
      this.#nowMs = Math.max(this.#nowMs, due[1].dueMs);
      due[1].task();
      await settle();
    }
    this.#nowMs = endMs;
  }
}

/** Lets all promises that are ready run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await Promise.resolve();
}

export const constantRandom: Random = { next: () => 0.5 };

export interface LoggedLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}
export function recordingLog(): Log & { readonly lines: LoggedLine[] } {
  const lines: LoggedLine[] = [];
  const at = (level: string) => (message: string, fields: LogFields = {}) =>
    void lines.push({ level, message, fields });
  return { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** The venue's end of the adapter's sockets. */
export class FakeSockets {
  readonly opened: FakeSocket[] = [];
  open = (url: string, handlers: SocketHandlers, headers?: SocketHeaders): Socket => {
    const socket = new FakeSocket(url, handlers, headers);
    this.opened.push(socket);
    return socket;
  };
  get last(): FakeSocket {
    const socket = this.opened.at(-1);
    if (socket === undefined) throw new Error("no socket was opened");
    return socket;
  }
}

export class FakeSocket implements Socket {
  readonly sent: string[] = [];
  isClosed = false;
  constructor(
    readonly url: string,
    readonly handlers: SocketHandlers,
    readonly headers: SocketHeaders | undefined = undefined,
  ) {}

  send(text: string): void {
    if (this.isClosed) throw new Error("socket is closed");
    this.sent.push(text);
  }
  close(): void {
    this.isClosed = true;
  }
  push(frame: unknown): void {
    this.handlers.onText(typeof frame === "string" ? frame : JSON.stringify(frame));
  }
}

/** For `symbolFor` of an adapter's context: the operator named nothing otherwise. */
export const usualNames = (_venueSymbol: string, usual: string): string => usual;
