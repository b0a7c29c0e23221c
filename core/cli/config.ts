/** `berth config check` and `berth config show`: what holds, where it comes from, and what is wrong with it. */
import { anyName, type Setting } from "../host/config/setting.ts";
import { listSettings } from "../host/config/setting_list.ts";
import { giverOf, valueAt } from "../host/config/given.ts";
import { exitCodes } from "../host/config/options.ts";
import { redacted, redactor } from "../terminal/redaction.ts";
import type { ConfigOptions } from "./config_options.ts";
import { ConfigFaults, findConfig, type Found } from "./place.ts";
import { settingFlags } from "./setting_flags.ts";

export interface ConfigSurroundings {
  readonly workingFolder: string;
  readonly write: (text: string) => void;
}

const find = (options: ConfigOptions, { workingFolder }: ConfigSurroundings): Promise<Found> =>
  findConfig(options.configFile, workingFolder, settingFlags(options));

/** @returns the exit code: 0 when nothing is wrong */
export async function checkConfiguration(
  options: ConfigOptions,
  around: ConfigSurroundings,
): Promise<number> {
  const found = await find(options, around);
  const faults = found.checked.kind === "invalid" ? found.checked.faults : [];
  const ignored = found.strays.filter(({ isFault }) => !isFault).map(({ name }) => name);
  if (options.asJson) {
    const file = found.file ?? null;
    around.write(`${JSON.stringify({ isValid: faults.length === 0, file, faults, ignored })}\n`);
  } else if (faults.length > 0) {
    throw new ConfigFaults(faults);
  } else {
    around.write(
      found.file === undefined ? "There is no berth.json; the defaults hold.\n" : `${found.file} is fine.\n`,
    );
    for (const { name } of found.given) around.write(`${name} stands over it.\n`);
    for (const name of ignored) around.write(`${name} is set and is no setting of berth.\n`);
  }
  return faults.length === 0 ? exitCodes.ok : exitCodes.usage;
}

interface ShownSetting {
  /** `risk.global.maxLeverage`. */
  readonly setting: string;
  /** Undefined: not set, and none is needed. */
  readonly value: unknown;
  /** `default`, `file`, or the name of the variable or flag. */
  readonly source: string;
  readonly variable: string;
}

/** Names whose values are not for showing, wherever they stand. */
const secretName = /secret|token|password|passphrase|privatekey|private_key|apikey|api_key|webhook/i;
const mask = "***";

/** Every way through the configuration that a setting stands for: one for each name the operator has chosen. */
function pathsOf({ path }: Setting, config: unknown): readonly (readonly string[])[] {
  const at = path.indexOf(anyName);
  if (at === -1) return [path];
  const named = valueAt(config, path.slice(0, at));
  const names = typeof named === "object" && named !== null ? Object.keys(named) : [];
  return names.map((name) => path.with(at, name));
}

/** What looks like a secret by its name is masked, at any depth. */
function masked(value: unknown, name: string): unknown {
  if (secretName.test(name) && value !== undefined && value !== null && value !== "") return mask;
  if (Array.isArray(value)) return value.map((item) => masked(item, ""));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, masked(inner, key)]));
}

function shownSettings(
  found: Found,
  config: unknown,
  redact: (text: string) => string,
): readonly ShownSetting[] {
  const sourceOf = (path: readonly string[]): string =>
    giverOf(path, found.given)?.name ?? (valueAt(found.content, path) === undefined ? "default" : "file");
  return listSettings().flatMap((setting) =>
    pathsOf(setting, config).map((path): ShownSetting => ({
      setting: path.join("."),
      value: redacted(masked(valueAt(config, path), path.at(-1) ?? ""), redact),
      source: sourceOf(path),
      variable: setting.variable,
    }))
  );
}

/** @throws {ConfigFaults} when there is nothing sound to show */
export async function showConfiguration(options: ConfigOptions, around: ConfigSurroundings): Promise<void> {
  const found = await find(options, around);
  if (found.checked.kind === "invalid") throw new ConfigFaults(found.checked.faults);
  const secrets = Object.entries(found.envFile).filter(([name]) => !name.startsWith("BERTH_"));
  const redact = redactor(secrets.map(([, value]) => value).filter((value) => value.length >= 6));
  const settings = shownSettings(found, found.checked.value, redact);
  const names = secrets.filter(([, value]) => value !== "").map(([name]) => name);
  if (options.asJson) {
    around.write(`${JSON.stringify({ file: found.file ?? null, settings, secrets: names })}\n`);
    return;
  }
  const width = Math.max(...settings.map(({ setting }) => setting.length));
  const text = (value: unknown): string =>
    value === undefined ? "-" : value === null ? "none" : JSON.stringify(value);
  const valueWidth = Math.min(40, Math.max(...settings.map(({ value }) => text(value).length)));
  for (const { setting, value, source } of settings) {
    around.write(`${setting.padEnd(width)}  ${text(value).padEnd(valueWidth)}  ${source}\n`);
  }
  for (const name of names) around.write(`${name.padEnd(width)}  ${mask.padEnd(valueWidth)}  .env\n`);
}
