/**
 * Draws the host on the terminal a few times a second. Only lines that changed are written, within one synchronized
 * update, so nothing flickers; a terminal that does not keep up misses pictures. The screen, the cursor and the line
 * wrapping are given back on every way out, also when the process dies of an error.
 */
import type { Scheduler } from "../model/clock.ts";
import type { DisplaySnapshot, TerminalOutput, TerminalSize } from "./ports.ts";
import { render } from "./render.ts";

export interface LiveDisplayOptions {
  readonly output: TerminalOutput;
  readonly scheduler: Scheduler;
  /** Time between two pictures. */
  readonly intervalMs: number;
  /** The whole screen, given back at the end; false draws below the prompt and leaves the last picture there. */
  readonly clear: boolean;
  /** Id of the strategy that is shown in full; empty for the whole host. */
  readonly view: string;
  /** What to draw; called only when it will be drawn. */
  snapshot(): DisplaySnapshot;
}

/** Control sequences of ECMA-48 and xterm. */
const sequence = {
  enterScreen: "\x1b[?1049h",
  leaveScreen: "\x1b[?1049l",
  hideCursor: "\x1b[?25l",
  showCursor: "\x1b[?25h",
  noWrap: "\x1b[?7l",
  wrap: "\x1b[?7h",
  plain: "\x1b[0m",
  clearScreen: "\x1b[2J",
  clearToLineEnd: "\x1b[K",
  /** Ignored by terminals that don't know it. */
  beginUpdate: "\x1b[?2026h",
  endUpdate: "\x1b[?2026l",
  toRow: (row: number): string => `\x1b[${row + 1};1H`,
  up: (rows: number): string => rows > 0 ? `\x1b[${rows}A` : "",
} as const;

const flushDeadlineMs = 1000;
const fallbackSize: TerminalSize = { columns: 80, rows: 24 };

export class LiveDisplay implements AsyncDisposable {
  readonly #options: LiveDisplayOptions;
  #isRunning = false;
  #cancelTimer: () => void = () => {};
  #endResize: () => void = () => {};
  /** Lines on the screen, as they were written. */
  #shown: readonly string[] = [];
  #shownSize: TerminalSize | undefined;

  constructor(options: LiveDisplayOptions) {
    this.#options = options;
  }

  /** Takes the screen and draws at once. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    const { output, clear } = this.#options;
    output.restoreOnExit(this.#leave());
    output.write(
      `${clear ? sequence.enterScreen + sequence.clearScreen : ""}${sequence.hideCursor}${sequence.noWrap}`,
    );
    this.#endResize = output.onResize(() => this.draw());
    this.#tick();
  }

  /** Gives the screen back; resolves when the terminal has taken it. */
  async stop(): Promise<void> {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#cancelTimer();
    this.#endResize();
    const { output } = this.#options;
    output.write(this.#leave());
    this.#shown = [];
    this.#shownSize = undefined;
    await output.flush(flushDeadlineMs);
    output.restoreOnExit(undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Draws now, unless the terminal has not yet taken the last picture. */
  draw(): void {
    const { output, snapshot } = this.#options;
    if (!this.#isRunning || output.pendingBytes > 0) return;
    const size = output.size() ?? fallbackSize;
    const { view } = this.#options;
    const lines = render(snapshot(), { ...size, color: output.useColor, unicode: output.useUnicode, view });
    const changes = this.#options.clear
      ? this.#changesOnScreen(lines, size)
      : this.#changesBelowPrompt(lines, size);
    this.#shown = lines;
    this.#shownSize = size;
    if (changes !== "") output.write(`${sequence.beginUpdate}${changes}${sequence.endUpdate}`);
  }

  #tick(): void {
    this.draw();
    this.#cancelTimer = this.#options.scheduler.after(this.#options.intervalMs, () => this.#tick());
  }

  #changesOnScreen(lines: readonly string[], size: TerminalSize): string {
    const isResized = !isSameSize(size, this.#shownSize);
    const changed = lines.flatMap((line, row) =>
      isResized || line !== this.#shown[row]
        ? [`${sequence.toRow(row)}${line}${sequence.clearToLineEnd}`]
        : []
    );
    return `${isResized ? sequence.clearScreen : ""}${changed.join("")}`;
  }

  /** The cursor rests on the last line of the picture. */
  #changesBelowPrompt(lines: readonly string[], size: TerminalSize): string {
    const isSame = isSameSize(size, this.#shownSize) && lines.every((line, row) => line === this.#shown[row]);
    if (isSame) return "";
    const back = `\r${sequence.up(Math.max(this.#shown.length - 1, 0))}`;
    return `${this.#shown.length > 0 ? back : ""}${
      lines.map((line) => `${line}${sequence.clearToLineEnd}`).join("\r\n")
    }`;
  }

  #leave(): string {
    const screen = this.#options.clear ? sequence.leaveScreen : "\r\n";
    return `${sequence.endUpdate}${sequence.plain}${sequence.wrap}${sequence.showCursor}${screen}`;
  }
}

const isSameSize = (a: TerminalSize, b: TerminalSize | undefined): boolean =>
  a.columns === b?.columns && a.rows === b.rows;
