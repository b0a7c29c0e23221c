/** The words of `berth start`, and those flags of it that stand over a setting of the configuration. */
import { type Command, Option } from "commander";
import { type SandboxChoice, sandboxChoices } from "../sandbox/kind_names.ts";
import { logLevelPattern } from "../terminal/log_levels.ts";
import { type LogFormat, logFormats } from "../terminal/log_lines.ts";
import {
  choiceFlag,
  collected,
  durationOption,
  memberOf,
  misuse,
  numberOf,
  pathOption,
  placeOf,
  type PlaceOptions,
  textOf,
  textsOf,
  wholeOption,
  withPlace,
} from "./option_readers.ts";

/** Flags over settings; undefined or empty: as configured. */
export interface SettingOptions extends PlaceOptions {
  readonly seed: number | undefined;
  readonly logLevel: string | undefined;
  readonly logFormat: LogFormat | undefined;
  readonly logFile: string | undefined;
  readonly sandbox: SandboxChoice | undefined;
  readonly pluginFolders: readonly string[];
  /** Id of the strategy that the display shows in full. */
  readonly view: string | undefined;
  readonly consolePort: number | undefined;
  readonly isConsoleOff: boolean;
}

export interface StartOptions extends SettingOptions {
  readonly durationMs: number | undefined;
  readonly trustedFolders: readonly string[];
  readonly isLiveConfirmed: boolean;
}

/** A start without a word of the command line: for commands that are starts of their own kind. */
export const plainStart: StartOptions = {
  configFile: undefined,
  dataDir: undefined,
  environment: undefined,
  durationMs: undefined,
  seed: undefined,
  logLevel: undefined,
  logFormat: undefined,
  logFile: undefined,
  sandbox: undefined,
  pluginFolders: [],
  trustedFolders: [],
  isLiveConfirmed: false,
  view: undefined,
  consolePort: undefined,
  isConsoleOff: false,
};

type Given = Readonly<Record<string, unknown>>;

const examples = `
Examples:
  deno task start                                    watch the simulated venues until Ctrl-C
  deno task start --duration 20s --seed 7            a run that can be repeated
  deno task start --env paper                        real market data, simulated fills
  deno task start --plugins ./my_strategies          strategies of your own
  deno task start --env live --i-understand-live-trading
`;

const logLevelOption = (text: string): string =>
  logLevelPattern.test(text) ? text : misuse(
    `--log-level is ${JSON.stringify(text)}`,
    "write debug, info, warn or error, and single modules after it, such as info,orders=debug",
  );

/** Adds the flags that stand over a setting. */
export function withSettings(command: Command): Command {
  const folders: readonly string[] = [];
  return withPlace(command)
    .addOption(
      new Option("--seed <number>", "of the simulated markets; equal seeds give equal markets")
        .argParser(wholeOption("--seed", 0, 4_294_967_295)),
    )
    .addOption(
      new Option("--plugins <folder>", "folder of plugins, instead of the configuration's; may be repeated")
        .argParser(collected(pathOption("--plugins"))).default(folders, "plugins"),
    )
    .addOption(
      new Option(
        "--log-level <levels>",
        "least level, and others by module: info,orders=debug (default: info)",
      )
        .argParser(logLevelOption),
    )
    .addOption(choiceFlag("--log-format <format>", "of log lines (default: auto)", logFormats))
    .addOption(
      new Option("--log-file <file>", "takes the lines as JSON besides; may be rotated")
        .argParser(pathOption("--log-file")),
    )
    .addOption(
      new Option(
        "--console-port <port>",
        "of dashboard and HTTP interface; 0 for any free one (default: 8117)",
      ).argParser(wholeOption("--console-port", 0, 65_535)),
    )
    .option("--view <strategy>", "show one strategy in full: its id, such as paradex_scalper")
    .option("--no-console", "serve no dashboard and no HTTP interface")
    .addOption(choiceFlag("--sandbox <kind>", "what holds a plugin (default: auto)", sandboxChoices));
}

export const settingOptionsOf = (options: Given): SettingOptions => ({
  ...placeOf(options),
  seed: numberOf(options.seed),
  logLevel: textOf(options.logLevel),
  logFormat: memberOf(logFormats, options.logFormat),
  logFile: textOf(options.logFile),
  sandbox: memberOf(sandboxChoices, options.sandbox),
  pluginFolders: textsOf(options.plugins),
  view: textOf(options.view),
  consolePort: numberOf(options.consolePort),
  isConsoleOff: options.console === false,
});

/** Adds `start`, which is also what runs without a command. */
export function addStart(program: Command, found: (options: StartOptions) => void): void {
  const folders: readonly string[] = [];
  withSettings(program.command("start", { isDefault: true }).summary("start the host (default)"))
    .description("Starts the host: simulated venues unless --env or the configuration says otherwise.")
    .addOption(
      new Option("--duration <time>", "stop by itself after this time: 20s, 5m, 1h30m")
        .argParser(durationOption("--duration")),
    )
    .addOption(
      new Option("--trust <folder>", "its plugins need no approval, except for live; may be repeated")
        .argParser(collected(pathOption("--trust"))).default(folders, "none"),
    )
    .option("--i-understand-live-trading", "needed for --env live: orders move real money")
    .option("--json", "log lines as JSON, as --log-format json")
    .addHelpText("after", examples)
    .allowExcessArguments(true) // a mistyped command arrives here, as the default command's argument
    .action((options: Given, command: Command) => {
      const word = command.args[0];
      if (word !== undefined) {
        const names = program.commands.map((one) => one.name());
        misuse(`There is no command ${word}`, `write ${names.slice(0, -1).join(", ")} or ${names.at(-1)}`);
      }
      const settings = settingOptionsOf(options);
      found({
        ...settings,
        logFormat: settings.logFormat ?? (options.json === true ? "json" : undefined),
        durationMs: numberOf(options.duration),
        trustedFolders: textsOf(options.trust),
        isLiveConfirmed: options.iUnderstandLiveTrading === true,
      });
    });
}
