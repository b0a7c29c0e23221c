/** What people see of a run: the live display on a terminal, log lines otherwise, the summary at the end. */
import type { Clock } from "../model/clock.ts";
import type { DisplaySnapshot } from "../terminal/ports.ts";
import type { HostOptions } from "./options.ts";
import type { HostLog, LogLevel } from "./ports.ts";
import type { RunSummary } from "./run_summary.ts";

export interface TerminalView {
  readonly log: HostLog;
  /** Ends the display and prints the summary. */
  finish(summary: RunSummary): void;
  end(): Promise<void>;
}

const order: readonly LogLevel[] = ["debug", "info", "warn", "error"];

export function startTerminal(parts: {
  readonly options: HostOptions;
  readonly clock: Clock;
  readonly snapshot: () => DisplaySnapshot;
  readonly secrets: readonly string[];
}): TerminalView {
  const { options, clock } = parts;
  const { output } = options;
  const least = order.indexOf(options.config.log.level);
  return {
    log: {
      write(level, source, message, fields = {}) {
        if (order.indexOf(level) < least) return;
        output.write(
          JSON.stringify({ ts: new Date(clock.epochMs()).toISOString(), level, source, message, ...fields }) +
            "\n",
        );
      },
    },
    finish(summary) {
      output.write(JSON.stringify({ type: "summary", ...summary }) + "\n");
    },
    end: () => output.flush(1_000),
  };
}
