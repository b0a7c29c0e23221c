/**
 * Settings by environment variables: every field of the file has one, `BERTH_` and its path in capitals, such as
 * `BERTH_RISK_GLOBAL_MAX_LEVERAGE`. What the operator names himself stands between: `BERTH_PLUGINS_MY_PLUGIN_ENABLED`.
 * An empty variable counts as not set. Values are turned into what they look like and are checked with the file.
 */
import type { GivenSetting } from "./given.ts";
import { anyName, placeholder, type Setting, type SettingForm } from "./setting.ts";

/** Variables of the process over those of `.env`. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** A variable that looks like a setting's and is none. */
export interface StrayVariable {
  readonly name: string;
  /** The name that was probably meant. */
  readonly meant: string | undefined;
  /** It begins as settings of ours do: to go on without it would be to ignore a limit that the operator believes in. */
  readonly isFault: boolean;
}

export interface EnvironmentSettings {
  readonly given: readonly GivenSetting[];
  readonly strays: readonly StrayVariable[];
}

/** Read by the command line itself: which file is the configuration. */
export const configFileVariable = "BERTH_CONFIG";

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // the check says what was expected instead
  }
}

const readers: Readonly<Record<SettingForm, (text: string) => unknown>> = {
  text: (text) => text,
  number: (text) => /^-?\d{1,15}(\.\d{1,12})?$/.test(text) ? Number(text) : text,
  truth: (text) => text === "true" ? true : text === "false" ? false : text,
  list: (text) =>
    text.startsWith("[")
      ? parsedJson(text)
      : text.split(",").map((item) => item.trim()).filter((item) => item !== ""),
  json: parsedJson,
};

/** The value that a text stands for in this setting. */
export const readSetting = ({ form, isNullable }: Setting, text: string): unknown =>
  isNullable && text === "none" ? null : readers[form](text);

/** The path that a variable sets, or undefined. `<NAME>` is as long as it can be. */
function pathIn(setting: Setting, variable: string): readonly string[] | undefined {
  if (setting.variable === variable) return setting.path;
  const [head, tail] = setting.variable.split(placeholder);
  if (head === undefined || tail === undefined) return undefined;
  const isOne = variable.length > head.length + tail.length && variable.startsWith(head) &&
    variable.endsWith(tail);
  if (!isOne) return undefined;
  const name = variable.slice(head.length, variable.length - tail.length).toLowerCase();
  return setting.path.map((part) => part === anyName ? name : part);
}

/** The name with the most words in common; of several, the one that begins most like it. */
function closestOf(variable: string, names: readonly string[]): string | undefined {
  const words = new Set(variable.split("_").slice(1));
  const shared = (name: string): number => name.split("_").filter((word) => words.has(word)).length;
  const alike = (name: string): number => {
    const end = [...name].findIndex((letter, index) => variable[index] !== letter);
    return end === -1 ? name.length : end;
  };
  return names.filter((name) => shared(name) > 1)
    .sort((one, other) => shared(other) - shared(one) || alike(other) - alike(one)).at(0);
}

const sectionOf = (variable: string): string => variable.split("_").slice(0, 2).join("_") + "_";

/** Reads all variables that begin with `BERTH_`. */
export function settingsFromEnvironment(
  settings: readonly Setting[],
  variables: Variables,
): EnvironmentSettings {
  const given: GivenSetting[] = [];
  const strays: StrayVariable[] = [];
  const names = settings.map(({ variable }) => variable);
  const sections = new Set(names.filter((name) => name.split("_").length > 2).map(sectionOf));
  for (const [name, text = ""] of Object.entries(variables)) {
    if (!name.startsWith("BERTH_") || name === configFileVariable || text === "") continue;
    const found = settings.flatMap((setting) => {
      const path = pathIn(setting, name);
      return path === undefined ? [] : [{ setting, path }];
    }).at(0);
    if (found === undefined) {
      const isFault = sections.has(sectionOf(name));
      strays.push({ name, meant: closestOf(name, names), isFault });
    } else {
      const { setting, path } = found;
      given.push({ path, value: readSetting(setting, text), by: "environment", name });
    }
  }
  return { given, strays };
}
