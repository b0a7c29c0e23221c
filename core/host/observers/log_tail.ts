/** The host's log lines on their way to the console: without secrets, bounded, taken with each picture. */
import type { ConsoleLogLine } from "../../console/ports.ts";
import type { Clock } from "../../model/clock.ts";
import type { HostLog, LogFields, LogLevel } from "../ports.ts";

/** Of the time between two pictures; when more come, the oldest are lost and their numbers show it. */
const maxLines = 500;
const maxTextLength = 2_000;

export interface LogTailOptions {
  readonly clock: Pick<Clock, "epochMs">;
  readonly isWanted: (source: string, level: LogLevel) => boolean;
  readonly redact: (text: string) => string;
}

export class LogTail implements HostLog {
  readonly #options: LogTailOptions;
  #lines: ConsoleLogLine[] = [];
  #sequence = 0;

  constructor(options: LogTailOptions) {
    this.#options = options;
  }

  write(level: LogLevel, source: string, message: string, fields: LogFields = {}): void {
    const { clock, isWanted } = this.#options;
    if (!isWanted(source, level)) return;
    this.#lines.push({
      sequence: ++this.#sequence,
      tsMs: clock.epochMs(),
      level,
      source,
      message: this.#shown(message),
      fields: Object.fromEntries(
        Object.entries(fields).map(([name, value]) => [
          this.#shown(name),
          this.#shownValue(value),
        ]),
      ),
    });
    if (this.#lines.length > maxLines) this.#lines.shift();
  }

  /** What was written since it was asked last. */
  take(): readonly ConsoleLogLine[] {
    const taken = this.#lines;
    this.#lines = [];
    return taken;
  }

  /** A number stays one unless it is a secret. */
  #shownValue(value: string | number | boolean): string | number | boolean {
    const shown = this.#shown(String(value));
    return shown === String(value) ? value : shown;
  }

  #shown(text: string): string {
    return this.#options.redact(text).slice(0, maxTextLength);
  }
}
