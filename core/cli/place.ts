/**
 * From flags, environment and file to a checked configuration, for every command. A flag wins over the environment, the
 * environment over `.env` of the working folder, that over the file, and the file over the defaults.
 */
import { join, resolve } from "node:path";
import { BerthError } from "../errors.ts";
import {
  configFileVariable,
  type EnvironmentSettings,
  settingsFromEnvironment,
  type Variables,
} from "../host/config/environment.ts";
import type { GivenSetting } from "../host/config/given.ts";
import {
  type ConfigFault,
  environmentFolder,
  type FoundConfig,
  type HostConfig,
  journalPath,
  readConfig,
} from "../host/config/config.ts";
import { readEnvFile } from "../host/config/env_file.ts";
import type { PlaceOptions } from "./option_readers.ts";
import { settingFlags } from "./setting_flags.ts";

export interface Place {
  /** Absolute; undefined when there is none and the defaults hold. */
  readonly configFile: string | undefined;
  readonly config: HostConfig;
  /** Of the environment. */
  readonly journalFile: string;
}

/** All faults of a configuration at once, a line each. */
export class ConfigFaults extends Error {
  override readonly name = "ConfigFaults";
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    const lines = faults.map(({ source, field, found, expected }) =>
      `${source}: ${field} is ${found}; expected ${expected}.`
    );
    super(lines.join("\n"));
    this.faults = faults;
  }
}

/** The configuration and where each part of it is from, before anybody minds its faults. */
export interface Found extends FoundConfig {
  /** What `.env` says, secrets included. */
  readonly envFile: Readonly<Record<string, string>>;
  readonly given: readonly GivenSetting[];
  readonly strays: EnvironmentSettings["strays"];
}

/** The schema is taken apart only where there is a variable to look up: every start would wait for it. */
async function settingsOf(variables: Variables): Promise<EnvironmentSettings> {
  if (!Object.keys(variables).some((name) => name.startsWith("BERTH_"))) return { given: [], strays: [] };
  const { listSettings } = await import("../host/config/setting_list.ts");
  return settingsFromEnvironment(listSettings(), variables);
}

/** @throws {BerthError} CONFIG_UNREADABLE */
export async function findConfig(
  configFile: string | undefined,
  workingFolder: string,
  flags: readonly GivenSetting[],
): Promise<Found> {
  const envFile = await readEnvFile(join(workingFolder, ".env"));
  const variables: Variables = { ...envFile, ...Deno.env.toObject() };
  const { given: fromEnvironment, strays } = await settingsOf(variables);
  const given = [...fromEnvironment, ...flags];
  const named = configFile ?? (variables[configFileVariable] || undefined);
  const found = await readConfig(named, workingFolder, given);
  const mistyped = strays.filter(({ isFault }) => isFault).map(({ name, meant }): ConfigFault => ({
    source: "environment",
    field: name,
    found: "no setting",
    expected: meant === undefined ? "a variable of docs/settings.md" : `${meant}, say`,
  }));
  if (mistyped.length === 0) return { ...found, envFile, given, strays };
  const faults = found.checked.kind === "invalid" ? found.checked.faults : [];
  return {
    ...found,
    envFile,
    given,
    strays,
    checked: { kind: "invalid", faults: [...mistyped, ...faults] },
  };
}

/**
 * Reads the configuration.
 *
 * @param flags what the command line sets besides `--data-dir` and `--env`
 * @throws {ConfigFaults} with a line for each fault
 * @throws {BerthError} CONFIG_UNREADABLE
 */
export async function readPlace(
  options: PlaceOptions,
  workingFolder: string,
  flags: readonly GivenSetting[] = settingFlags(options),
): Promise<Place> {
  const { file, checked } = await findConfig(options.configFile, workingFolder, flags);
  if (checked.kind === "invalid") throw new ConfigFaults(checked.faults);
  const { dataDir, environment } = checked.value;
  return {
    configFile: file,
    config: checked.value,
    journalFile: journalPath(environmentFolder(dataDir, environment)),
  };
}

/** Absolute paths of folders named on the command line. @throws {BerthError} CLI_USAGE when one is no folder */
export async function existingFolders(
  option: string,
  named: readonly string[],
  workingFolder: string,
): Promise<readonly string[]> {
  return await Promise.all(named.map(async (name) => {
    const path = resolve(workingFolder, name);
    const info = await Deno.stat(path).catch(() => undefined);
    if (info?.isDirectory === true) return path;
    const problem = info === undefined ? "does not exist" : "is no folder";
    throw new BerthError("CLI_USAGE", {
      problem: `${option} names ${path}, which ${problem}`,
      fix: "name a folder that holds plugins",
    });
  }));
}
