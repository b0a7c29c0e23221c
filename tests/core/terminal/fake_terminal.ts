/** A terminal in memory: what was written, its size, and whether it takes anything at all. */
import type { Scheduler } from "../../../core/model/clock.ts";
import type { TerminalOutput, TerminalSize } from "../../../core/terminal/ports.ts";

export class FakeTerminal implements TerminalOutput {
  isTerminal = true;
  readonly useColor = false;
  readonly useUnicode = true;
  readonly droppedBytes = 0;
  pendingBytes = 0;
  written = "";
  restore: string | undefined;
  flushes = 0;
  #size: TerminalSize = { columns: 80, rows: 24 };
  readonly #listeners = new Set<() => void>();

  size(): TerminalSize {
    return this.#size;
  }

  resize(size: TerminalSize): void {
    this.#size = size;
    for (const listener of this.#listeners) listener();
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  onResize(callback: () => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  write(text: string): void {
    this.written += text;
  }

  writeError(): void {}

  flush(): Promise<void> {
    this.flushes += 1;
    return Promise.resolve();
  }

  restoreOnExit(text: string | undefined): void {
    this.restore = text;
  }

  /** What was written since the last call. */
  take(): string {
    const text = this.written;
    this.written = "";
    return text;
  }
}

/** What a terminal shows after these bytes: cursor addressing, clearing and text; anything else fails the test. */
export class FakeScreen {
  readonly #rows: string[];
  #row = 0;
  #column = 0;

  constructor(rows: number) {
    this.#rows = Array.from({ length: rows }, () => "");
  }

  get lines(): readonly string[] {
    return this.#rows.map((row) => row.trimEnd());
  }

  feed(text: string): void {
    // deno-lint-ignore no-control-regex -- control sequences are what is read here
    for (const [token] of text.matchAll(/\x1b\[\??[0-9;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+/g)) this.#apply(token);
  }

  #apply(token: string): void {
    // deno-lint-ignore no-control-regex -- control sequences are what is read here
    const position = /^\x1b\[(\d+);1H$/.exec(token);
    // deno-lint-ignore no-control-regex -- control sequences are what is read here
    const up = /^\x1b\[(\d+)A$/.exec(token);
    if (position !== null) [this.#row, this.#column] = [Number(position[1]) - 1, 0];
    else if (up !== null) this.#row -= Number(up[1]);
    else if (token === "\x1b[2J") this.#rows.fill("");
    else if (token === "\x1b[K") this.#rows[this.#row] = (this.#rows[this.#row] ?? "").slice(0, this.#column);
    else if (token === "\r") this.#column = 0;
    else if (token === "\n") this.#row += 1;
    else if (token.startsWith("\x1b[?")) return; // modes
    else if (token.startsWith("\x1b[")) throw new Error(`unexpected ${JSON.stringify(token)}`);
    else this.#print(token);
  }

  #print(text: string): void {
    const row = (this.#rows[this.#row] ?? "").padEnd(this.#column);
    this.#rows[this.#row] = row.slice(0, this.#column) + text + row.slice(this.#column + text.length);
    this.#column += text.length;
  }
}

/** Runs tasks when it is told to. */
export class ManualScheduler implements Scheduler {
  #tasks: { readonly delayMs: number; readonly task: () => void }[] = [];

  after(delayMs: number, task: () => void): () => void {
    const entry = { delayMs, task };
    this.#tasks.push(entry);
    return () => {
      this.#tasks = this.#tasks.filter((other) => other !== entry);
    };
  }

  get waiting(): readonly number[] {
    return this.#tasks.map((entry) => entry.delayMs);
  }

  run(): void {
    const due = this.#tasks;
    this.#tasks = [];
    for (const { task } of due) task();
  }
}
