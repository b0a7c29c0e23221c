/**
 * The configuration file `berth.json`: optional, and every field of it too. Each field's description states its
 * default; `docs/berth.schema.json` is made from the schema, so that an editor completes and checks the file.
 *
 * All faults of a file are reported at once, each with its field, what was found and what was expected.
 */
import * as v from "valibot";
import { dirname, join, resolve } from "node:path";
import { BerthError } from "../../errors.ts";
import type { RiskSettings, ScopeLimits } from "../../model/risk_limits.ts";
import { defaultRiskSettings } from "../../risk/settings.ts";
import { isCompiled } from "../../sandbox/edition.ts";
import type { Environment } from "../../sdk/manifest.ts";
import { withAbsolutePaths } from "./alerts_section.ts";
import { type ConfigFile, configFileSchema } from "./file_schema.ts";
import { type GivenSetting, giverOf, withGiven } from "./given.ts";
import { pluginSchema } from "./plugin_section.ts";
import { type Checked, type Fault, faultsOf } from "../plugins/manifest_schema.ts";
import { defaultPluginFolders } from "../project_folder.ts";

export type PluginConfig = ConfigFile["plugins"][string];
export type SimulatedFaults = ConfigFile["simulation"]["faults"];

/** The configuration with every default filled in and paths made absolute. */
export interface HostConfig extends Omit<ConfigFile, "$schema" | "risk" | "pluginFolders"> {
  readonly pluginFolders: readonly string[];
  readonly risk: RiskSettings;
}

/** Venues of a run whose configuration names none; each one costs a process. */
export const defaultVenues: readonly string[] = ["okx", "paradex"];

/** Whether the adapter in this folder of `exchanges/` is to run. */
export const isVenueEnabled = ({ venues }: Pick<HostConfig, "venues">, name: string): boolean =>
  (venues.enabled ?? defaultVenues).includes(name);

/** What {@link HostConfig.plugins} has for a plugin that it does not name. */
export const defaultPluginConfig: PluginConfig = v.parse(pluginSchema, {});

const overlay = (base: ScopeLimits, changes: Partial<ScopeLimits>): ScopeLimits => ({ ...base, ...changes });

function riskSettings(given: ConfigFile["risk"]): RiskSettings {
  return {
    global: overlay(defaultRiskSettings.global, given.global),
    account: overlay(defaultRiskSettings.account, given.account),
    accounts: given.accounts,
    plugin: overlay(defaultRiskSettings.plugin, given.plugin),
    market: { ...defaultRiskSettings.market, ...given.market },
    maxOrderSizeBase: given.maxOrderSizeBase,
    usdAssets: given.usdAssets,
    legGroups: { ...defaultRiskSettings.legGroups, ...given.legGroups },
    breachState: given.breachState,
    haltAtBreachFactor: given.haltAtBreachFactor,
  };
}

/**
 * Checks a configuration that was read from JSON.
 *
 * @param folder absolute; relative paths in it start here
 */
export function checkConfig(found: unknown, folder: string): Checked<HostConfig> {
  if (Array.isArray(found)) { // valibot takes a list for a record
    return {
      kind: "invalid",
      faults: [{ field: "the file", found: "a list", expected: "a record of settings" }],
    };
  }
  const parsed = v.safeParse(configFileSchema, found);
  if (!parsed.success) return { kind: "invalid", faults: faultsOf(parsed.issues, "the file") };
  const { $schema: _, risk, ...file } = parsed.output;
  const value: HostConfig = {
    ...file,
    dataDir: resolve(folder, file.dataDir),
    pluginFolders: file.pluginFolders?.map((path) => resolve(folder, path)) ??
      defaultPluginFolders(folder, isCompiled() ? Deno.execPath() : undefined),
    risk: riskSettings(risk),
    log: { ...file.log, ...(file.log.file === undefined ? {} : { file: resolve(folder, file.log.file) }) },
    simulation: { ...file.simulation, ...attachedFrom(file.simulation.attach, folder) },
    alerts: withAbsolutePaths(file.alerts, folder),
  };
  return { kind: "valid", value };
}

const attachedFrom = (path: string | undefined, folder: string): { readonly attach?: string } =>
  path === undefined ? {} : { attach: resolve(folder, path) };

/** Each environment has a folder of its own in the data folder: simulated and real orders never share a journal. */
export const environmentFolder = (dataDir: string, environment: Environment): string =>
  join(dataDir, environment);

/** Where the journal of an environment's folder lies. */
export const journalPath = (folder: string): string => join(folder, "journal.db");

/** Name of the file that is looked for in the working folder. */
export const configFileName = "berth.json";

/** A fault, and who gave the value: the file's path, a variable's or a flag's name. */
export interface ConfigFault extends Fault {
  readonly source: string;
}

export interface FoundConfig {
  /** Absolute; undefined when there is none and the defaults hold. */
  readonly file: string | undefined;
  /** What the file says, not yet checked; an empty record without one. */
  readonly content: unknown;
  readonly checked:
    | { readonly kind: "valid"; readonly value: HostConfig }
    | { readonly kind: "invalid"; readonly faults: readonly ConfigFault[] };
}

/** Settings that are paths: relative to the file there, to the working folder where they are given otherwise. */
const pathSettings: readonly string[] = ["dataDir", "pluginFolders", "log.file", "simulation.attach"];

const absolute = (found: unknown, folder: string): unknown =>
  typeof found === "string"
    ? resolve(folder, found)
    : Array.isArray(found)
    ? found.map((item) => absolute(item, folder))
    : found;

/**
 * Reads the named file, or `berth.json` of the working folder if there is one, and puts over it what was given otherwise.
 *
 * @param given by environment and flags, the last on top
 * @throws {BerthError} CONFIG_UNREADABLE when a named file is missing, or one can't be read or is no JSON
 */
export async function readConfig(
  named: string | undefined,
  workingFolder: string,
  given: readonly GivenSetting[] = [],
): Promise<FoundConfig> {
  const path = resolve(workingFolder, named ?? configFileName);
  const text = await contentOf(path, named !== undefined);
  const content = text === undefined ? {} : parseJson(text, path);
  const placed = given.map((one) =>
    pathSettings.includes(one.path.join(".")) ? { ...one, value: absolute(one.value, workingFolder) } : one
  );
  const checked = checkConfig(withGiven(content, placed), dirname(path));
  const file = text === undefined ? undefined : path;
  if (checked.kind === "valid") return { file, content, checked };
  const faults = checked.faults.map((fault) => ({
    ...fault,
    source: giverOf(fault.field.split("."), given)?.name ?? path,
  }));
  return { file, content, checked: { kind: "invalid", faults } };
}

async function contentOf(path: string, isRequired: boolean): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    const isMissing = cause instanceof Deno.errors.NotFound;
    if (isMissing && !isRequired) return undefined;
    const reason = isMissing ? "it does not exist" : "it can't be opened";
    throw new BerthError("CONFIG_UNREADABLE", { file: path, reason }, { cause });
  }
}

function parseJson(content: string, path: string): unknown {
  try {
    return JSON.parse(content);
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new BerthError("CONFIG_UNREADABLE", { file: path, reason: `it is no JSON: ${words}` }, { cause });
  }
}
