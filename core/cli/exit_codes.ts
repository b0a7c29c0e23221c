/** What a process of berth says by its end: one table for the program, its documentation and scripts around it. */
import { BerthError, type ErrorCode } from "../errors.ts";
import { exitCodes } from "../host/config/options.ts";
import { ConfigFaults } from "./place.ts";

export interface ExitCodeMeaning {
  readonly code: number;
  readonly meaning: string;
}

/** In the order of the codes. */
export const exitCodeTable: readonly ExitCodeMeaning[] = [
  {
    code: exitCodes.ok,
    meaning: "Done. `start`: no order is left open and the books agree with the venues'.",
  },
  {
    code: exitCodes.failure,
    meaning:
      "Failed, or the answer is no: `start` left an order open or found a difference, `kill` could not see everything cancelled, `doctor` found something wrong, `plugin check` failed, no host answered.",
  },
  {
    code: exitCodes.usage,
    meaning:
      "Nothing was done: the command line, the configuration or what they name is wrong. The message says what to change.",
  },
  {
    code: exitCodes.busy,
    meaning: "Another berth holds the data folder, or the console's port is in use.",
  },
];

/** Change the command line or the configuration. */
const usageCodes: readonly ErrorCode[] = [
  "CLI_USAGE",
  "ALERT_CHANNEL_INVALID",
  "ALERT_CHANNEL_UNKNOWN",
  "CONFIG_INVALID",
  "CONFIG_UNREADABLE",
  "LOG_FILE_UNWRITABLE",
  "PLUGIN_UNKNOWN",
  "PLUGIN_APPROVAL_UNCONFIRMED",
  "PLUGIN_PATH_TAKEN",
  "HOST_LIVE_NOT_CONFIRMED",
  "BACKTEST_PLUGIN",
  "BACKTEST_BAD_BARS",
  "BACKTEST_BAD_TICKS",
  "BACKTEST_BAD_FUNDING",
  "BACKTEST_NO_DATA",
];
const busyCodes: readonly ErrorCode[] = ["HOST_ALREADY_RUNNING", "HOST_PORT_BUSY"];

export function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigFaults) return exitCodes.usage;
  if (!(error instanceof BerthError)) return exitCodes.failure;
  if (usageCodes.includes(error.code)) return exitCodes.usage;
  return busyCodes.includes(error.code) ? exitCodes.busy : exitCodes.failure;
}
