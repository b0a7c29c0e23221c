/**
 * Log lines: one JSON object a line for machines, or a readable line for people. Every line passes the redaction; no
 * part of the host writes to the console by itself.
 */
import type { Clock } from "../model/clock.ts";
import { isWritten, type LogLevel, type LogLevels } from "./log_levels.ts";
import { redacted } from "./redaction.ts";
import { harmless, paint, type Span, span, type Style } from "./styled_text.ts";

/** `auto`: pretty on a terminal, JSON lines otherwise. */
export const logFormats = ["auto", "json", "pretty"] as const;
export type LogFormat = (typeof logFormats)[number];

/** Facts of a line, by name; never the sentence itself. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with fields that each of its lines has: `log.with({ plugin: "scalper" })`. */
  with(fields: LogFields): Log;
}

export interface LogOptions {
  /** Takes whole lines, line break included. */
  write(text: string): void;
  readonly clock: Pick<Clock, "epochMs">;
  readonly levels: LogLevels;
  readonly format: "json" | "pretty";
  readonly useColor: boolean;
  /** Takes secrets out; every text of a line passes it. */
  redact(text: string): string;
}

/** A log that writes through `options.write`. */
export function createLog(options: LogOptions): Log {
  const redact = (text: string): string => options.redact(text);
  const format = options.format === "json" ? jsonLine : prettyLine(options.useColor);
  const build = (common: LogFields): Log => {
    const at = (level: LogLevel) => (message: string, fields: LogFields = {}): void => {
      if (!isWritten(options.levels, fields.source ?? common.source, level)) return;
      const tsMs = options.clock.epochMs();
      options.write(format({
        tsMs,
        level,
        message: redact(message),
        fields: redactedFields({ ...common, ...fields }, redact),
      }));
    };
    return {
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      with: (fields) => build({ ...common, ...fields }),
    };
  };
  return build({});
}

const redactedFields = (fields: LogFields, redact: (text: string) => string): LogFields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [redact(name), redacted(value, redact)]),
  );

interface LogEntry {
  readonly tsMs: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** `{"ts":"2025-06-15T15:06:40.000Z","level":"info","message":"…", fields}`; our names win over fields of theirs. */
function jsonLine({ tsMs, level, message, fields }: LogEntry): string {
  const head = { ts: new Date(tsMs).toISOString(), level, message };
  return `${JSON.stringify({ ...head, ...fields, ...head })}\n`;
}

const levelStyles: Readonly<Record<LogLevel, Style>> = {
  debug: "dim",
  info: "accent",
  warn: "warn",
  error: "bad",
};

/** `15:06:40.000 warn  message  venue=paradex ageMs=1200` */
const prettyLine = (useColor: boolean) => ({ tsMs, level, message, fields }: LogEntry): string => {
  const spans: readonly Span[] = [
    span(`${new Date(tsMs).toISOString().slice(11, 23)} `, "dim"),
    span(level.padEnd(6), levelStyles[level]),
    { text: readable(message), style: level === "error" ? "bad" : "plain" },
    ...Object.entries(fields).filter(([, value]) => value !== undefined).flatMap((
      [name, value],
    ): readonly Span[] => [
      span(`  ${name}=`, "dim"),
      { text: readable(typeof value === "string" ? value : JSON.stringify(value)), style: "plain" },
    ]),
  ];
  return `${paint(spans, { color: useColor, unicode: true })}\n`;
};

/** Control characters of plugins and venues never reach the terminal; line breaks are shown as such. */
const readable = (text: string): string =>
  text.replace(/\r?\n/g, " ⏎ ").replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => harmless(character));

/** One log that writes to several. */
export const joinedLog = (logs: readonly Log[]): Log => ({
  debug: (message, fields) => logs.forEach((log) => log.debug(message, fields)),
  info: (message, fields) => logs.forEach((log) => log.info(message, fields)),
  warn: (message, fields) => logs.forEach((log) => log.warn(message, fields)),
  error: (message, fields) => logs.forEach((log) => log.error(message, fields)),
  with: (fields) => joinedLog(logs.map((log) => log.with(fields))),
});

/** Lines that are written later: what was logged while the live display had the terminal. */
export class HeldLines {
  readonly #limit: number;
  #lines: string[] = [];
  #forgotten = 0;

  /** @param limit newest lines that are kept */
  constructor(limit: number) {
    this.#limit = limit;
  }

  write(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length <= this.#limit) return;
    this.#lines.shift();
    this.#forgotten += 1;
  }

  /** Hands over what was kept, and forgets it. */
  release(write: (text: string) => void): void {
    if (this.#forgotten > 0) write(`${this.#forgotten} earlier log lines were not kept\n`);
    for (const line of this.#lines) write(line);
    this.#lines = [];
    this.#forgotten = 0;
  }
}
