/** What the command line hands to the host: everything is checked, every path is absolute, every default is filled in. */
import type { Environment } from "../../sdk/manifest.ts";
import type { LogFormat } from "../../terminal/log_lines.ts";
import type { TerminalOutput } from "../../terminal/ports.ts";
import type { HostConfig } from "./config.ts";
import type { ReplayPlan } from "../replay/open_replay.ts";

export interface HostSignals {
  /** First SIGINT, SIGTERM or SIGHUP: cancel orders, stop plugins, print the summary. The reason is the signal's name. */
  readonly stop: AbortSignal;
  /** A second one: leave at once, whatever is still open. */
  readonly leave: AbortSignal;
  /** SIGUSR1 throws the kill switch, SIGUSR2 flattens besides; the host listens as soon as it can act. */
  readonly onKill: (listener: (flatten: boolean) => void) => void;
}

export interface HostOptions {
  readonly version: string;
  /** `none`: adapters alone are started. */
  readonly strategies: "all" | "none";
  /** Folder to which all market data is recorded; undefined for none. */
  readonly recordTo: string | undefined;
  /** A recording that takes the place of the venues; undefined for markets of the present. */
  readonly replay: ReplayPlan | undefined;
  readonly environment: Environment;
  /** `--i-understand-live-trading` was given; always true in `live`. */
  readonly isLiveConfirmed: boolean;
  /** Given, or drawn for this start and printed. */
  readonly seed: number;
  readonly isSeedGiven: boolean;
  /** Undefined: until a signal. */
  readonly durationMs: number | undefined;
  /** Absolute path; undefined when the defaults hold. */
  readonly configFile: string | undefined;
  readonly config: HostConfig;
  /** Reads the configuration anew; throws where it has faults. */
  readonly rereadConfig: () => Promise<HostConfig>;
  /** `auto` resolved. */
  readonly logFormat: Exclude<LogFormat, "auto">;
  /** Deno exports OpenTelemetry (OTEL_DENO=true): spans of trading are made. */
  readonly isTraced: boolean;
  /** Folders whose plugins may run without approval in sim, paper and testnet. */
  readonly trustedFolders: readonly string[];
  /** `.env` of the working folder. */
  readonly envFile: string;
  readonly output: TerminalOutput;
  readonly signals: HostSignals;
}

/** What a process of berth says by its end. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  /** Command line or configuration. */
  usage: 2,
  /** The port or the data folder is in use. */
  busy: 3,
} as const;
