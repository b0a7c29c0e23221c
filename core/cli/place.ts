/** From `--config` and `--data-dir` to a checked configuration, for every command. */
import { resolve } from "node:path";
import { BerthError } from "../errors.ts";
import {
  configFileName,
  environmentFolder,
  type HostConfig,
  journalPath,
  readConfig,
} from "../host/config.ts";
import type { PlaceOptions } from "./option_readers.ts";

export interface Place {
  /** Absolute; undefined when there is none and the defaults hold. */
  readonly configFile: string | undefined;
  /** With the command line's data folder and environment. */
  readonly config: HostConfig;
  /** Of the environment. */
  readonly journalFile: string;
}

/** All faults of a configuration at once, a line each. */
export class ConfigFaults extends Error {
  override readonly name = "ConfigFaults";
}

/**
 * Reads the configuration and puts `--data-dir` and `--env` over it.
 *
 * @throws {ConfigFaults} with a line for each fault
 * @throws {BerthError} CONFIG_UNREADABLE
 */
export async function readPlace(options: PlaceOptions, workingFolder: string): Promise<Place> {
  const { file, checked } = await readConfig(options.configFile, workingFolder);
  if (checked.kind === "invalid") {
    const name = file ?? configFileName;
    throw new ConfigFaults(
      checked.faults.map(({ field, found, expected }) =>
        `${name}: ${field} is ${found}; expected ${expected}.`
      )
        .join("\n"),
    );
  }
  const dataDir = options.dataDir === undefined
    ? checked.value.dataDir
    : resolve(workingFolder, options.dataDir);
  const environment = options.environment ?? checked.value.environment;
  return {
    configFile: file,
    config: { ...checked.value, dataDir, environment },
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
