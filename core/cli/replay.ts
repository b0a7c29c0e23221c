/** `berth replay`: a host over a recording in the place of venues. */
import { type Command, Option } from "commander";
import { resolve } from "node:path";
import type { HostOptions } from "../host/config/options.ts";
import type { ReplaySpeed } from "../host/replay/replay.ts";
import { ownKeyboard, replayKeys } from "./replay_keys.ts";
import { plainStart, type StartOptions } from "./start_options.ts";
import {
  collected,
  dateOption,
  misuse,
  numberOf,
  pathOption,
  textOf,
  textsOf,
  wholeOption,
} from "./option_readers.ts";

export interface ReplayCommandOptions {
  readonly configFile: string | undefined;
  /** A recording's folder, or one of its files. */
  readonly recording: string;
  readonly speed: ReplaySpeed;
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
  readonly pluginFolders: readonly string[];
  readonly trustedFolders: readonly string[];
  readonly consolePort: number | undefined;
  readonly isConsoleOff: boolean;
  /** Id of the strategy that the display shows in full. */
  readonly view: string | undefined;
  readonly asJson: boolean;
}

const examples = `
Examples:
  berth replay --data recordings/btc
  berth replay --data recordings/btc --speed 10 --from 2026-01-31T12:00:00Z
  berth replay --data recordings/btc --speed max --plugins ./my_strategies --no-console
`;

const slowest = 0.1;
const fastest = 1_000;

function speedOption(text: string): ReplaySpeed {
  if (text === "max") return text;
  const speed = /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number(text) : NaN;
  return speed >= slowest && speed <= fastest
    ? speed
    : misuse(`--speed is ${JSON.stringify(text)}`, `write max, or a number from ${slowest} to ${fastest}`);
}

/** Adds the command to `program`; `found` gets what was asked for. */
export function addReplay(program: Command, found: (options: ReplayCommandOptions) => void): void {
  const folders: readonly string[] = [];
  program.command("replay").summary("play a recording through a whole host")
    .description(
      "Starts a host whose venues play a recording of berth record: strategies in their sandboxes, the risk gate, simulated fills, display, dashboard and journal are those of a start, time is the recording's. On a terminal the space bar pauses it and goes on, a full stop goes on to the next market data.",
    )
    .requiredOption("--data <path>", "a recording, or one of its files", pathOption("--data"))
    .addOption(
      new Option("--speed <times>", "as fast as it was recorded times this, or max").argParser(speedOption)
        .default(1),
    )
    .option("--from <date>", "first moment, UTC", dateOption("--from"))
    .option("--to <date>", "end, not included", dateOption("--to"))
    .addOption(
      new Option("--plugins <folder>", "folder of plugins, instead of the configuration's; may be repeated")
        .argParser(collected(pathOption("--plugins"))).default(folders, "plugins"),
    )
    .addOption(
      new Option("--trust <folder>", "its plugins need no approval; may be repeated")
        .argParser(collected(pathOption("--trust"))).default(folders, "none"),
    )
    .option(
      "--config <file>",
      "configuration file (default: berth.json of this folder)",
      pathOption("--config"),
    )
    .addOption(
      new Option(
        "--console-port <port>",
        "of dashboard and HTTP interface; 0 for any free one (default: 8117)",
      )
        .argParser(wholeOption("--console-port", 0, 65_535)),
    )
    .option("--no-console", "serve no dashboard and no HTTP interface")
    .option("--view <strategy>", "show one strategy in full: its id, such as paradex_scalper")
    .option("--json", "log lines as JSON")
    .addHelpText("after", examples)
    .action((options: Readonly<Record<string, unknown>>) =>
      found({
        configFile: textOf(options.config),
        recording: textOf(options.data) ?? "",
        speed: options.speed === "max" ? "max" : numberOf(options.speed) ?? 1,
        fromMs: numberOf(options.from),
        toMs: numberOf(options.to),
        pluginFolders: textsOf(options.plugins),
        trustedFolders: textsOf(options.trust),
        consolePort: numberOf(options.consolePort),
        isConsoleOff: options.console === false,
        view: textOf(options.view),
        asJson: options.json === true,
      })
    );
}

/** The start that a replay is: fills are simulated, as in paper trading. */
export function replayAsStart(options: ReplayCommandOptions): StartOptions {
  const { configFile, pluginFolders, trustedFolders, consolePort, isConsoleOff, view, asJson } = options;
  return {
    ...plainStart,
    configFile,
    environment: "paper",
    logFormat: asJson ? "json" : undefined,
    pluginFolders,
    trustedFolders,
    view,
    consolePort,
    isConsoleOff,
  };
}

/** A host whose markets are the recording's. */
export function replayingHost(
  host: HostOptions,
  { recording, fromMs, toMs, speed }: ReplayCommandOptions,
  workingFolder: string,
): HostOptions {
  const keys = host.output.isTerminal && host.logFormat === "pretty" ? replayKeys(ownKeyboard()) : undefined;
  return { ...host, replay: { path: resolve(workingFolder, recording), fromMs, toMs, speed, keys } };
}
