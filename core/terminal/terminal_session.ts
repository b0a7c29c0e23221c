/**
 * What a person or a machine sees of one run: on a terminal the live display, then the summary; into a pipe log lines
 * and the summary as one more of them. While the display has the screen, log lines wait; the grave ones are printed
 * when it is given back.
 */
import type { Clock, Scheduler } from "../model/clock.ts";
import { LiveDisplay, type LiveDisplayOptions } from "./live_display.ts";
import { createLog, HeldLines, joinedLog, type Log } from "./log_lines.ts";
import { atLeast, type LogLevels } from "./log_levels.ts";
import type { LogFile } from "./log_file.ts";
import { redactedReport } from "../model/strategy_report.ts";
import type { DisplaySnapshot, TerminalOutput } from "./ports.ts";
import { SecretShield } from "./redaction.ts";
import { type RunSummary, summaryJson, summaryLines } from "./summary.ts";

export interface TerminalSessionOptions {
  readonly output: TerminalOutput;
  readonly clock: Pick<Clock, "epochMs">;
  readonly scheduler: Scheduler;
  readonly log: { readonly levels: LogLevels; readonly format: "json" | "pretty" };
  /** Takes the lines as JSON, whatever the terminal shows; undefined for none. */
  readonly logFile?: Pick<LogFile, "write"> | undefined;
  readonly display: Pick<LiveDisplayOptions, "intervalMs" | "clear" | "view">;
  /** Called for each picture, and only then. */
  snapshot(): DisplaySnapshot;
}

export interface TerminalSession extends AsyncDisposable {
  readonly log: Log;
  /** Values that must not be shown from now on. */
  protect(secrets: Iterable<string>): void;
  /** The text without the values that must not be shown. */
  redact(text: string): string;
  /** Starts the live display where there is a terminal for it. */
  start(): void;
  /**
   * Gives the screen back and prints the summary; resolves when it is taken.
   *
   * @param exact fields that the JSON line has beside or instead of the summary's: money as exact decimal text, say
   */
  finish(summary: RunSummary, exact?: Readonly<Record<string, unknown>>): Promise<void>;
}

const heldLines = 50;
const flushDeadlineMs = 1000;

/** Opens the terminal for a run. JSON lines that were asked for by name win over the display. */
export function openTerminalSession(options: TerminalSessionOptions): TerminalSession {
  const { output } = options;
  const shield = new SecretShield();
  const hasDisplay = output.isTerminal && options.log.format === "pretty";
  const held = new HeldLines(heldLines);
  let isDisplaying = false;
  const display = new LiveDisplay({
    output,
    scheduler: options.scheduler,
    ...options.display,
    snapshot: () => withoutSecrets(options.snapshot(), shield.redact),
  });
  const { levels, format } = options.log;
  const common = { clock: options.clock, useColor: output.useColor, redact: shield.redact };
  const direct = createLog({ ...common, levels, format, write: (text) => output.write(text) });
  const waiting = createLog({
    ...common,
    levels: atLeast(levels, "warn"),
    format,
    write: (text) => held.write(text),
  });
  const { logFile } = options;
  const inFile = logFile === undefined
    ? []
    : [createLog({ ...common, levels, format: "json", write: (text) => logFile.write(text) })];
  const stopDisplay = async (): Promise<void> => {
    if (!isDisplaying) return;
    isDisplaying = false;
    await display.stop();
    held.release((text) => output.write(text));
  };
  return {
    log: joinedLog([switchedLog(() => (isDisplaying ? waiting : direct)), ...inFile]),
    protect: (secrets) => shield.add(secrets),
    redact: (text) => shield.redact(text),
    start() {
      if (!hasDisplay) return;
      isDisplaying = true;
      display.start();
    },
    async finish(summary, exact = {}) {
      await stopDisplay();
      output.write(
        options.log.format === "json" ? summaryJson(summary, exact) : summaryText(summary, output),
      );
      await output.flush(flushDeadlineMs);
    },
    async [Symbol.asyncDispose]() {
      await stopDisplay();
      await output.flush(flushDeadlineMs);
    },
  };
}

function summaryText(summary: RunSummary, output: TerminalOutput): string {
  const columns = output.size()?.columns ?? 120;
  const lines = summaryLines(summary, { color: output.useColor, unicode: output.useUnicode, columns });
  return `\n${lines.join("\n")}\n`;
}

/** A log whose lines go where `current` says at that moment. */
function switchedLog(current: () => Log): Log {
  return {
    debug: (message, fields) => current().debug(message, fields),
    info: (message, fields) => current().info(message, fields),
    warn: (message, fields) => current().warn(message, fields),
    error: (message, fields) => current().error(message, fields),
    with: (fields) => switchedLog(() => current().with(fields)),
  };
}

/** Texts in a snapshot that plugins and venues had a hand in, without secrets. */
function withoutSecrets(snapshot: DisplaySnapshot, redact: (text: string) => string): DisplaySnapshot {
  return {
    ...snapshot,
    notices: snapshot.notices.map((row) => ({ ...row, text: redact(row.text) })),
    plugins: snapshot.plugins.map((row) => ({ ...row, why: redact(row.why) })),
    risk: snapshot.risk.map((row) => ({ ...row, reason: redact(row.reason) })),
    strategies: snapshot.strategies.map((row) => redactedReport(row, redact)),
    opportunities: {
      ...snapshot.opportunities,
      latest: snapshot.opportunities.latest.map((row) => ({ ...row, words: redact(row.words) })),
    },
  };
}
