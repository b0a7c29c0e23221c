/** The words of `berth plugin …`. */
import { type Command, Option } from "commander";
import {
  collected,
  durationOption,
  misuse,
  numberOf,
  pathOption,
  placeOf,
  type PlaceOptions,
  textOf,
  textsOf,
  wholeOption,
  withGroupExamples,
  withPlace,
} from "./option_readers.ts";

/** Which plugins a command works on, and how it answers. */
export interface PluginPlaceOptions extends PlaceOptions {
  /** Empty: those of the configuration. */
  readonly pluginFolders: readonly string[];
  readonly trustedFolders: readonly string[];
  readonly asJson: boolean;
}

export type PluginCommandOptions =
  | (PluginPlaceOptions & { readonly action: "list" })
  | (PluginPlaceOptions & {
    readonly action: "show" | "revoke" | "disable" | "enable";
    /** An id, or the path of a file or folder. */
    readonly plugin: string;
  })
  | (PluginPlaceOptions & {
    readonly action: "approve";
    readonly plugin: string;
    /** For real money too. */
    readonly isLive: boolean;
    /** The answer is given: ask nobody. */
    readonly isConfirmed: boolean;
  })
  | {
    readonly action: "new";
    readonly name: string;
    readonly folder: string | undefined;
    readonly asJson: boolean;
  }
  | (PlaceOptions & {
    readonly action: "check";
    readonly path: string;
    readonly durationMs: number;
    readonly seed: number | undefined;
    readonly asJson: boolean;
  });

const examples = `
Examples:
  berth plugin list
  berth plugin show my_strategy
  berth plugin new my_strategy
  berth plugin check plugins/my_strategy --seconds 20
  berth plugin approve my_strategy
  berth plugin approve my_strategy --live      real money too
  berth plugin revoke my_strategy
  berth plugin enable my_strategy
  berth plugin disable my_strategy             a host that runs stops it within a second
`;

const defaultCheckMs = 60_000;

type Options = Readonly<Record<string, unknown>>;

function withFolders(command: Command): Command {
  const none: readonly string[] = [];
  return withPlace(command)
    .addOption(
      new Option("--plugins <folder>", "folder of plugins, instead of the configuration's; may be repeated")
        .argParser(collected(pathOption("--plugins"))).default(none, "plugins"),
    )
    .addOption(
      new Option("--trust <folder>", "as a host that is started with it would see it; may be repeated")
        .argParser(collected(pathOption("--trust"))).default(none, "none"),
    )
    .option("--json", "for programs: one JSON object a line");
}

const foldersOf = (options: Options): PluginPlaceOptions => ({
  ...placeOf(options),
  pluginFolders: textsOf(options.plugins),
  trustedFolders: textsOf(options.trust),
  asJson: options.json === true,
});

function nameOf(text: string): string {
  if (/^[a-z][a-z0-9_]{1,47}$/.test(text)) return text;
  return misuse(
    `The name is ${JSON.stringify(text)}`,
    "write lower-case letters, digits and _, beginning with a letter, such as my_strategy",
  );
}

/** Adds `plugin` with its commands. */
export function addPlugin(program: Command, found: (options: PluginCommandOptions) => void): void {
  const plugin = program.command("plugin").summary("list, approve, write and check plugins")
    .description("What is in the plugin folders, what it may do, and whether it may.");
  withFolders(plugin.command("list").description("All plugins, and whether a host would run them."))
    .action((options: Options) => found({ ...foldersOf(options), action: "list" }));
  const one = (
    action: "show" | "revoke" | "disable" | "enable",
    description: string,
  ) =>
    withFolders(plugin.command(action).description(description).argument("<plugin>", "id, file or folder"))
      .action((name: string, options: Options) => found({ ...foldersOf(options), action, plugin: name }));
  one("show", "What a plugin asks for, its settings, and what was approved.");
  withFolders(
    plugin.command("approve").description("Shows what a plugin asks for, money first, and allows it.")
      .argument("<plugin>", "id, file or folder"),
  )
    .option("--live", "real money too")
    .option("--yes", "approve without asking")
    .action((name: string, options: Options) =>
      found({
        ...foldersOf(options),
        action: "approve",
        plugin: name,
        isLive: options.live === true,
        isConfirmed: options.yes === true,
      })
    );
  one("revoke", "Takes an approval back.");
  one("disable", "Keeps a plugin from running, whatever was approved.");
  one("enable", "Lets a disabled plugin run again.");
  plugin.command("new").description("Writes a strategy that runs, with its test.")
    .argument("<name>", "such as my_strategy", nameOf)
    .addOption(
      new Option("--in <folder>", "where to write it (default: plugins)").argParser(pathOption("--in")),
    )
    .option("--json", "as one JSON object")
    .action((name: string, options: Options) =>
      found({ action: "new", name, folder: textOf(options.in), asJson: options.json === true })
    );
  addCheck(plugin, found);
  withGroupExamples(plugin, examples);
}

function addCheck(plugin: Command, found: (options: PluginCommandOptions) => void): void {
  withPlace(
    plugin.command("check")
      .description("Checks the types of a plugin, reads its manifest, and runs it against simulated venues.")
      .argument("<path>", "file or folder", pathOption("The path")),
  )
    .addOption(
      new Option("--seconds <number>", "how long it runs (default: 60)")
        .argParser(wholeOption("--seconds", 1, 86_400)),
    )
    .addOption(
      new Option("--duration <time>", "the same as 20s, 5m")
        .argParser(durationOption("--duration")).conflicts("seconds"),
    )
    .addOption(
      new Option("--seed <number>", "of the simulated markets (default: 1)")
        .argParser(wholeOption("--seed", 0, 4_294_967_295)),
    )
    .option("--json", "for programs: one JSON object a line")
    .action((path: string, options: Options) => {
      const seconds = numberOf(options.seconds);
      found({
        ...placeOf(options),
        action: "check",
        path,
        durationMs: seconds === undefined ? numberOf(options.duration) ?? defaultCheckMs : seconds * 1000,
        seed: numberOf(options.seed),
        asJson: options.json === true,
      });
    });
}
