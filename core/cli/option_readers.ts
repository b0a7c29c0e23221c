/** Readers of single options and arguments; what is wrong becomes one sentence that says what to change. */
import { type Command, Option } from "commander";
import { BerthError } from "../errors.ts";
import { type Environment, environments } from "../sdk/manifest.ts";

/** Which configuration and data a command works on. */
export interface PlaceOptions {
  readonly configFile: string | undefined;
  readonly dataDir: string | undefined;
  /** Each environment has a journal of its own. */
  readonly environment: Environment | undefined;
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const longestMs = 24 * 86_400_000; // timers of JavaScript end at 24.8 days

/** `20s`, `5m`, `1h30m` in milliseconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d{1,9}(\.\d{1,3})?(ms|s|m|h|d))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/([\d.]+)(ms|s|m|h|d)/g)];
  const totalMs = parts.reduce(
    (sum, [, count = "", unit = ""]) => sum + Number(count) * (unitsMs[unit] ?? NaN),
    0,
  );
  return totalMs > 0 && totalMs <= longestMs ? totalMs : undefined;
}

export function misuse(problem: string, fix: string): never {
  throw new BerthError("CLI_USAGE", { problem, fix });
}

export function durationOption(name: string) {
  return (text: string): number =>
    parseDuration(text) ??
      misuse(
        `${name} is ${JSON.stringify(text)}`,
        "write a number and a unit, such as 20s, 5m or 1h30m (at most 24d)",
      );
}

/** A moment, UTC where no zone is named; milliseconds since the epoch. */
export function dateOption(name: string) {
  return (text: string): number => {
    const value = Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
    return Number.isNaN(value)
      ? misuse(
        `${name} is ${JSON.stringify(text)}`,
        "write a date such as 2026-01-31 or 2026-01-31T12:00:00Z",
      )
      : value;
  };
}

export function wholeOption(name: string, min: number, max: number) {
  return (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (!(value >= min && value <= max)) {
      misuse(`${name} is ${JSON.stringify(text)}`, `write a whole number from ${min} to ${max}`);
    }
    return value;
  };
}

export function choiceOption<const T extends readonly string[]>(name: string, choices: T) {
  return (text: string): T[number] =>
    choices.find((choice) => choice === text) ??
      misuse(`${name} is ${JSON.stringify(text)}`, `choose one of ${choices.join(", ")}`);
}

/** An option of a closed set; help and completions list it. */
export function choiceFlag(flags: string, description: string, choices: readonly string[]): Option {
  const option = new Option(flags, description);
  option.argChoices = [...choices];
  return option.argParser(choiceOption(flags.split(" ")[0] ?? flags, choices));
}

export function pathOption(name: string) {
  return (text: string): string =>
    text === "" ? misuse(`${name} is empty`, "write the path of a file or folder") : text;
}

export const collected =
  (read: (text: string) => string) => (text: string, before: readonly string[]): readonly string[] => [
    ...before,
    read(text),
  ];

/**
 * Shows examples below the help of a command that has commands of its own, and below each of those the lines that are of it.
 * To be called when all of them are there.
 */
export function withGroupExamples(group: Command, examples: string): void {
  group.addHelpText("after", examples);
  for (const command of group.commands) {
    const words = `  berth ${group.name()} ${command.name()}`;
    const lines = examples.split("\n").filter((line) => line === words || line.startsWith(`${words} `));
    if (lines.length > 0) command.addHelpText("after", ["", "Examples:", ...lines, ""].join("\n"));
  }
}

export function withPlace(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--config <file>",
        "configuration file (default: berth.json of this folder, if there is one)",
      )
        .argParser(pathOption("--config")),
    )
    .addOption(
      new Option("--data-dir <folder>", "folder of journal, grants and lock (default: var)")
        .argParser(pathOption("--data-dir")),
    )
    .addOption(
      choiceFlag("--env <environment>", "which venues, and whose money (default: sim)", environments),
    );
}

export function placeOf(options: Readonly<Record<string, unknown>>): PlaceOptions {
  return {
    configFile: textOf(options.config),
    dataDir: textOf(options.dataDir),
    environment: memberOf(environments, options.env),
  };
}
export const textOf = (value: unknown): string | undefined => typeof value === "string" ? value : undefined;
export const numberOf = (value: unknown): number | undefined => typeof value === "number" ? value : undefined;
export const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
export const memberOf = <const T extends readonly string[]>(
  choices: T,
  value: unknown,
): T[number] | undefined => choices.find((choice) => choice === value);
