/**
 * The command line, read into one closed union. Nothing is started here and nothing is printed: what to show comes back
 * as text, what is wrong as one sentence that says what to change.
 */
import { Command, CommanderError, Option } from "commander";
import { BerthError } from "../errors.ts";
import { addCompletions } from "./completions.ts";
import { addConfig, type ConfigLine } from "./config_options.ts";
import { addStart, type StartOptions } from "./start_options.ts";
import { addAlerts, type AlertsOptions } from "./alerts_options.ts";
import { addJournalUpkeep, type JournalUpkeepLine } from "./journal_upkeep.ts";
import { addBacktest, type BacktestCommandOptions } from "./backtest_options.ts";
import { addPlugin, type PluginCommandOptions } from "./plugin_options.ts";
import { addRecord, type RecordOptions } from "./record.ts";
import { addSpreads, type SpreadsOptions } from "./spreads.ts";
import { addReplay, type ReplayCommandOptions } from "./replay.ts";
import {
  collected,
  durationOption,
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
import { addVenue, type LeverageOptions } from "./venue_options.ts";
import { addKill, addRisk, addStatus, type OperatorLine } from "./operator_command_line.ts";

export interface JournalOptions extends PlaceOptions {
  readonly show: "records" | "runs" | "counts";
  readonly last: number;
  readonly kinds: readonly string[];
  readonly runId: string | undefined;
  readonly plugin: string | undefined;
  readonly venue: string | undefined;
  readonly instrument: string | undefined;
  readonly clientOrderId: string | undefined;
  /** How far back. */
  readonly sinceMs: number | undefined;
  readonly asJson: boolean;
}

export interface ExplainOptions extends PlaceOptions {
  readonly id: string;
  readonly asJson: boolean;
}

export interface DoctorCommandOptions extends PlaceOptions {
  /** Empty: those of the configuration. */
  readonly venues: readonly string[];
  /** Place one tiny order and cancel it. */
  readonly isTrading: boolean;
  readonly isLiveConfirmed: boolean;
  readonly patienceMs: number;
  readonly asJson: boolean;
}

export type CommandLine =
  | { readonly kind: "start"; readonly options: StartOptions }
  | { readonly kind: "journal"; readonly options: JournalOptions }
  | JournalUpkeepLine
  | { readonly kind: "explain"; readonly options: ExplainOptions }
  | { readonly kind: "doctor"; readonly options: DoctorCommandOptions }
  | { readonly kind: "backtest"; readonly options: BacktestCommandOptions }
  | { readonly kind: "record"; readonly options: RecordOptions }
  | { readonly kind: "spreads"; readonly options: SpreadsOptions }
  | { readonly kind: "replay"; readonly options: ReplayCommandOptions }
  | { readonly kind: "venue_leverage"; readonly options: LeverageOptions }
  | OperatorLine
  | { readonly kind: "alerts"; readonly options: AlertsOptions }
  | { readonly kind: "plugin"; readonly options: PluginCommandOptions }
  | ConfigLine
  /** Help or version, asked for. */
  | { readonly kind: "show"; readonly text: string }
  /** Exit code 2. */
  | { readonly kind: "misuse"; readonly sentence: string };

const generalExamples = `
Without a command, berth starts. Options of each command: berth COMMAND --help

Examples:
  berth start --duration 5m
  berth journal --kind fill --last 20
  berth explain b1x2y3
  berth kill --flatten
  berth risk resume global --reason "seen and understood"
`;

type Found = (line: CommandLine) => void;

const journalExamples = `
Examples:
  berth journal --kind fill --last 20
  berth journal --since 2h --plugin paradex_scalper --json
  berth journal --runs
  berth journal backup /backups/live.db --env live
  berth journal restore /backups/live.db --env live
  berth journal prune --days 90
`;

function addJournal(program: Command, found: Found): void {
  const none: readonly string[] = [];
  const journal = withPlace(program.command("journal").summary("show what was written down, and keep it"))
    .description("Shows records of the journal, newest last; also while a host runs.")
    .addOption(
      new Option("--last <count>", "how many").argParser(wholeOption("--last", 1, 1_000_000)).default(50),
    )
    .addOption(
      new Option("--kind <kind>", "intent, order, fill, round_trip, opportunity, …; may be repeated")
        .argParser(collected(pathOption("--kind"))).default(none, "all"),
    )
    .addOption(new Option("--since <time>", "only the last 10m, 2h, …").argParser(durationOption("--since")))
    .option("--run <id>", "of one run")
    .option("--plugin <id>", "of one plugin")
    .option("--venue <id>", "of one venue")
    .option("--instrument <id>", "such as paradex:BTC-PERP")
    .option("--order <client-order-id>", "of one order")
    .addOption(new Option("--runs", "show the runs instead").conflicts("counts"))
    .option("--counts", "show how many there are of each kind instead")
    .option("--json", "one JSON object a line")
    .action((options: Readonly<Record<string, unknown>>) =>
      found({
        kind: "journal",
        options: {
          ...placeOf(options),
          show: options.runs === true ? "runs" : options.counts === true ? "counts" : "records",
          last: numberOf(options.last) ?? 50,
          kinds: textsOf(options.kind),
          runId: textOf(options.run),
          plugin: textOf(options.plugin),
          venue: textOf(options.venue),
          instrument: textOf(options.instrument),
          clientOrderId: textOf(options.order),
          sinceMs: numberOf(options.since),
          asJson: options.json === true,
        },
      })
    );
  addJournalUpkeep(journal, found);
  withGroupExamples(journal, journalExamples);
}

const explainExamples = `
Examples:
  berth explain b1x2y3
  berth explain b1x2y3 --json
`;

function addExplain(program: Command, found: Found): void {
  withPlace(program.command("explain").summary("say why a fill or an order happened"))
    .description("Follows a fill, an order or any record back to the quote it was decided on.")
    .argument("<id>", "client order id, or the id of a record")
    .option("--json", "as one JSON object")
    .addHelpText("after", explainExamples)
    .action((id: string, options: Readonly<Record<string, unknown>>) =>
      found({ kind: "explain", options: { ...placeOf(options), id, asJson: options.json === true } })
    );
}

const doctorExamples = `
Examples:
  berth doctor                                  the simulated venues, without an order
  berth doctor --env testnet --venue okx --trade
  berth doctor --env live --json                no order, for a monitor
`;

function addDoctor(program: Command, found: Found): void {
  const venues: readonly string[] = [];
  withPlace(program.command("doctor").summary("check the way to the venues, and say what to do"))
    .description(
      "Checks name resolution, connection, clock, credentials, market data and private stream of each venue through its real adapter.",
    )
    .addOption(
      new Option("--venue <id>", "only this venue; may be repeated")
        .argParser(collected(pathOption("--venue"))).default(venues, "those of the configuration"),
    )
    .option("--trade", "also place one tiny post-only order, 3 % below the market, and cancel it")
    .option("--i-understand-live-trading", "needed for --trade in live: the order is real")
    .addOption(
      new Option("--wait <time>", "how long data and streams are waited for")
        .argParser(durationOption("--wait")).default(10_000, "10s"),
    )
    .option("--json", "as one JSON object")
    .addHelpText("after", doctorExamples)
    .action((options: Readonly<Record<string, unknown>>) =>
      found({
        kind: "doctor",
        options: {
          ...placeOf(options),
          venues: textsOf(options.venue),
          isTrading: options.trade === true,
          isLiveConfirmed: options.iUnderstandLiveTrading === true,
          patienceMs: numberOf(options.wait) ?? 10_000,
          asJson: options.json === true,
        },
      })
    );
}

/** What commander says about a misuse, as our sentence. */
function sentenceOf(error: CommanderError): string {
  const message = error.message.replace(/^error: /, "");
  const named = /'(.*?)'/.exec(message)?.[1] ?? "";
  const meant = /Did you mean (?:one of )?(.*)\?/.exec(message)?.[1];
  const instead = meant === undefined ? "see berth --help." : `did you mean ${meant}?`;
  switch (error.code) {
    case "commander.unknownOption":
      return `There is no option ${named}; ${instead}`;
    case "commander.unknownCommand":
      return `There is no command ${named}; ${instead}`;
    case "commander.excessArguments":
      return "There are words too many on the command line; leave them out, or see berth --help.";
    case "commander.optionMissingArgument":
      return `${named.split(" ")[0]} has no value; write it as ${named}.`;
    case "commander.missingArgument":
      return `The ${named} is missing; add it after the command.`;
    case "commander.missingMandatoryOptionValue":
      return `The option ${named.split(" ")[0]} is missing; write it as ${named}.`;
    default:
      return `${message.charAt(0).toUpperCase()}${message.slice(1).split("\n")[0]}; see berth --help.`;
  }
}

/** For a command that has commands of its own and was given none. */
function missingCommandSentence(program: Command, words: readonly string[]): string {
  const command = program.commands.find((one) => words.includes(one.name()));
  const names = command?.commands.map((one) => one.name()) ?? [];
  const choices = names.length > 1 ? `${names.slice(0, -1).join(", ")} or ${names.at(-1)}` : names[0] ?? "";
  return `A command of berth ${command?.name()} is missing; add ${choices}.`;
}

/**
 * Every command with its options, help and examples: what reads a command line, and what completions and the commands' page
 * are made from.
 *
 * @param shown takes help and version texts
 * @param columns width of help texts
 */
export function commandTable(
  version: string,
  found: Found,
  shown: (text: string) => void,
  columns: number,
): Command {
  const program = new Command("berth")
    .description("A host for perpetual-futures strategies.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({ writeOut: shown, writeErr: shown, getOutHelpWidth: () => columns })
    .addHelpText("after", generalExamples);
  addStart(program, (options) => found({ kind: "start", options }));
  for (const add of [addStatus, addRisk, addKill, addDoctor, addJournal, addExplain, addConfig]) {
    add(program, found);
  }
  addBacktest(program, (options) => found({ kind: "backtest", options }));
  addRecord(program, (options) => found({ kind: "record", options }));
  addSpreads(program, (options) => found({ kind: "spreads", options }));
  addAlerts(program, (options) => found({ kind: "alerts", options }));
  addReplay(program, (options) => found({ kind: "replay", options }));
  addPlugin(program, (options) => found({ kind: "plugin", options }));
  addVenue(program, (options) => found({ kind: "venue_leverage", options }));
  addCompletions(program, (text) => found({ kind: "show", text }));
  return program;
}

/**
 * Reads a command line.
 *
 * @param words without the program's own name
 * @param columns width of help texts
 */
export function readCommandLine(words: readonly string[], version: string, columns = 100): CommandLine {
  const shown: string[] = [];
  const lines: CommandLine[] = [];
  const program = commandTable(version, (line) => lines.push(line), (text) => shown.push(text), columns);
  try {
    program.parse([...words], { from: "user" });
  } catch (error) {
    if (error instanceof BerthError) {
      return { kind: "misuse", sentence: `${error.text.what}; ${error.text.fix}.` };
    }
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0
      ? { kind: "show", text: shown.join("") }
      : error.code === "commander.help"
      ? { kind: "misuse", sentence: missingCommandSentence(program, words) }
      : { kind: "misuse", sentence: sentenceOf(error) };
  }
  return lines[0] ?? { kind: "misuse", sentence: "There is nothing to do; see berth --help." };
}
