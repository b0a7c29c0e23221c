/** The words of `berth config …`. */
import type { Command } from "commander";
import { withGroupExamples } from "./option_readers.ts";
import { type SettingOptions, settingOptionsOf, withSettings } from "./start_options.ts";

export type ConfigLine =
  | { readonly kind: "config_check" | "config_show"; readonly options: ConfigOptions }
  | { readonly kind: "config_schema" };

export interface ConfigOptions extends SettingOptions {
  readonly asJson: boolean;
}

const examples = `
A flag wins over an environment variable, that over berth.json, and that over the default.

Examples:
  berth config check
  berth config show --env paper
  berth config show --json
  berth config schema > berth.schema.json
`;

export function addConfig(program: Command, found: (line: ConfigLine) => void): void {
  const config = program.command("config").summary("check and show the configuration, or print its schema")
    .description("What holds, where each part of it comes from, and what is wrong with it.");
  const withJson = (name: string, description: string): Command =>
    withSettings(config.command(name).description(description)).option("--json", "as one JSON object");
  const optionsOf = (options: Readonly<Record<string, unknown>>): ConfigOptions => ({
    ...settingOptionsOf(options),
    asJson: options.json === true,
  });
  withJson("check", "Checks file, environment and flags, and says all that is wrong with them.")
    .action((options) => found({ kind: "config_check", options: optionsOf(options) }));
  withJson("show", "Shows every setting with its value and where it comes from; secrets are masked.")
    .action((options) => found({ kind: "config_show", options: optionsOf(options) }));
  config.command("schema").description("Prints the JSON schema of the configuration file.")
    .action(() => found({ kind: "config_schema" }));
  withGroupExamples(config, examples);
}
