/** What is written to the log: a least level, and others for single modules. */

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

/** `info,orders=debug`: what holds for all, then modules by the field `source` of their lines. */
export const logLevelPattern = /^(debug|info|warn|error)(,[a-z][a-z0-9_]{0,47}=(debug|info|warn|error))*$/;

export interface LogLevels {
  /** For modules that are not named. */
  readonly least: LogLevel;
  /** By module. */
  readonly bySource: ReadonlyMap<string, LogLevel>;
}

const rank = (level: LogLevel): number => logLevels.indexOf(level);

const levelOf = (word: string | undefined): LogLevel | undefined => logLevels.find((level) => level === word);

/** @param text as {@link logLevelPattern} has it */
export function parseLogLevels(text: string): LogLevels {
  const [first, ...others] = text.split(",");
  const bySource = new Map<string, LogLevel>();
  for (const other of others) {
    const [source = "", word] = other.split("=");
    const level = levelOf(word);
    if (level !== undefined) bySource.set(source, level);
  }
  return { least: levelOf(first) ?? "info", bySource };
}

/** Whether a module's line of this level is written. */
export const isWritten = (levels: LogLevels, source: unknown, level: LogLevel): boolean =>
  rank(level) >=
    rank((typeof source === "string" ? levels.bySource.get(source) : undefined) ?? levels.least);

const graver = (one: LogLevel, other: LogLevel): LogLevel => rank(one) >= rank(other) ? one : other;

/** The same levels, nothing below `floor`. */
export const atLeast = ({ least, bySource }: LogLevels, floor: LogLevel): LogLevels => ({
  least: graver(least, floor),
  bySource: new Map([...bySource].map(([source, level]) => [source, graver(level, floor)])),
});
