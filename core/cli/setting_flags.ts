/** Flags that set what the configuration has a setting for: they stand over environment and file. */
import type { GivenSetting } from "../host/config/given.ts";
import type { SettingOptions } from "./start_options.ts";

/** The flag of a setting, by the setting's path; what the settings' page and `config show` name. */
export const flagsBySetting = {
  environment: "--env",
  dataDir: "--data-dir",
  seed: "--seed",
  pluginFolders: "--plugins",
  sandbox: "--sandbox",
  "display.view": "--view",
  "log.level": "--log-level",
  "log.format": "--log-format",
  "log.file": "--log-file",
  "console.port": "--console-port",
  "console.enabled": "--no-console",
} as const;

/** What these options set. */
export function settingFlags(options: Partial<SettingOptions>): readonly GivenSetting[] {
  const values: Readonly<Record<keyof typeof flagsBySetting, unknown>> = {
    environment: options.environment,
    dataDir: options.dataDir,
    seed: options.seed,
    pluginFolders: options.pluginFolders?.length === 0 ? undefined : options.pluginFolders,
    sandbox: options.sandbox,
    "display.view": options.view,
    "log.level": options.logLevel,
    "log.format": options.logFormat,
    "log.file": options.logFile,
    "console.port": options.consolePort,
    "console.enabled": options.isConsoleOff === true ? false : undefined,
  };
  return Object.entries(flagsBySetting).flatMap(([setting, name]): readonly GivenSetting[] => {
    const value = Object.entries(values).find(([path]) => path === setting)?.[1];
    return value === undefined ? [] : [{ path: setting.split("."), value, by: "flag", name }];
  });
}
