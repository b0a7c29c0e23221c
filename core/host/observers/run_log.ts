/** All that a run writes for people and machines to read: the terminal, the log file, and the tail that the console shows. */
import { describeError } from "../../errors.ts";
import type { Clock } from "../../model/clock.ts";
import { LogFile } from "../../terminal/log_file.ts";
import { isWritten, type LogLevels, parseLogLevels } from "../../terminal/log_levels.ts";
import type { DisplaySnapshot } from "../../terminal/ports.ts";
import { openTerminalSession, type TerminalSession } from "../../terminal/terminal_session.ts";
import { LogTail } from "./log_tail.ts";
import type { HostOptions } from "../config/options.ts";
import type { HostLog } from "../ports.ts";
import { systemScheduler } from "../system_clock.ts";

export interface RunLog extends AsyncDisposable {
  readonly session: TerminalSession;
  readonly log: HostLog;
  readonly tail: LogTail;
  readonly levels: LogLevels;
}

export interface RunLogOptions {
  readonly options: Pick<HostOptions, "config" | "logFormat" | "output">;
  /** Stamps the lines: in a replay the recording's. */
  readonly clock: Clock;
  /** This machine's. */
  readonly wall: Pick<Clock, "monotonicMs">;
  /** Called for each picture of the live display. */
  readonly snapshot: () => DisplaySnapshot;
}

/** @throws {BerthError} LOG_FILE_UNWRITABLE */
export async function openRunLog({ options, clock, wall, snapshot }: RunLogOptions): Promise<RunLog> {
  const { config, logFormat, output } = options;
  const levels = parseLogLevels(config.log.level);
  const { file: path } = config.log;
  const file = path === undefined ? undefined : await LogFile.open({
    path,
    monotonicMs: () => wall.monotonicMs(),
    onFailure: (error) => log.write("error", "log", `${path} can't be written: ${describeError(error)}`),
  });
  const session = openTerminalSession({
    output,
    clock,
    scheduler: systemScheduler,
    log: { levels, format: logFormat },
    logFile: file,
    display: config.display,
    snapshot,
  });
  const tail = new LogTail({
    clock,
    isWanted: (source, level) => level !== "debug" || isWritten(levels, source, level),
    redact: session.redact,
  });
  const log: HostLog = {
    write(level, source, message, fields = {}) {
      session.log[level](message, { source, ...fields });
      tail.write(level, source, message, fields);
    },
  };
  return {
    session,
    log,
    tail,
    levels,
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
      await file?.[Symbol.asyncDispose]();
    },
  };
}
