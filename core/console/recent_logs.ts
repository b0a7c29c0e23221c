/** The newest log lines of the host, numbered, as the console's thread keeps them. */
import { type ConsoleLogLine, type LogLevel, logLevels } from "./ports.ts";

const keptLines = 1_000;

export interface LogFilter {
  /** This level and graver ones. */
  readonly level: LogLevel;
  /** Anywhere in source, message or fields, upper and lower case alike. */
  readonly text?: string;
}

export class RecentLogs {
  #lines: ConsoleLogLine[] = [];

  add(lines: readonly ConsoleLogLine[]): void {
    if (lines.length === 0) return;
    this.#lines = [...this.#lines, ...lines].slice(-keptLines);
  }

  /** The newest that fit, oldest first. */
  find({ level, text }: LogFilter, limit: number): readonly ConsoleLogLine[] {
    const least = logLevels.indexOf(level);
    const wanted = text?.toLowerCase();
    return this.#lines.filter((line) =>
      logLevels.indexOf(line.level) >= least &&
      (wanted === undefined || textOf(line).includes(wanted))
    ).slice(-limit);
  }
}

const textOf = ({ source, message, fields }: ConsoleLogLine): string =>
  `${source} ${message} ${Object.entries(fields).flat().join(" ")}`.toLowerCase();
