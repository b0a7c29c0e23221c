/** docs/settings.md and .env.example: every setting with its variable, flag and default, from the schema. */
import { flagsBySetting } from "../../core/cli/setting_flags.ts";
import { checkConfig } from "../../core/host/config/config.ts";
import { valueAt } from "../../core/host/config/given.ts";
import { anyName, type Setting } from "../../core/host/config/setting.ts";
import { listSettings } from "../../core/host/config/setting_list.ts";

const folder = "/HERE";

/** The defaults, as if one plugin were named. */
function defaults(): unknown {
  const checked = checkConfig({ plugins: { some_plugin: {} } }, folder);
  if (checked.kind === "invalid") throw new Error(JSON.stringify(checked.faults));
  return checked.value;
}

/** As it would be written in the file; undefined where there is none, or where another one holds. */
function defaultOf({ path }: Setting, config: unknown): string | undefined {
  const value = valueAt(config, path.map((name) => name === anyName ? "some_plugin" : name));
  if (value === undefined) return undefined;
  return JSON.stringify(value).replaceAll(`${folder}/`, "");
}

const flagOf = (path: readonly string[]): string =>
  Object.entries(flagsBySetting).find(([setting]) => setting === path.join("."))?.[1] ?? "";

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<NAME>", "&lt;NAME&gt;");
const code = (text: string): string => text === "" ? "" : `\`${text}\``;

/** Sections by the first part of the path, those without one first. */
const sectionOf = ({ path }: Setting): string => path.length === 1 ? "" : path[0] ?? "";

function table(settings: readonly Setting[], config: unknown): readonly string[] {
  return [
    "| setting | variable, flag | default | meaning |",
    "| --- | --- | --- | --- |",
    ...settings.map((setting) => {
      const { path, variable, description } = setting;
      const flag = flagOf(path);
      const names = [code(variable), ...(flag === "" ? [] : [code(flag)])].join(" ");
      const meaning = description.replace(/ Default \S+\.$/, "");
      return `| ${code(path.join("."))} | ${names} | ${code(defaultOf(setting, config) ?? "")} | ${
        cell(meaning)
      } |`;
    }),
  ];
}

const introduction = `# Settings

Every setting can stand in \`berth.json\`, in an environment variable (or a line of \`.env\` in the working folder), and some
in a flag. A flag wins over a variable of the process, that over \`.env\`, that over the file, and that over the default.
\`berth config show\` shows what holds and where each value comes from; \`berth config check\` says what is wrong, with the
name of the file, variable or flag. A variable that begins as settings do and is none is refused: a limit that is not in
force because of a typing error must not go unnoticed.

A variable is written as in the file without quotation marks; lists with commas (\`okx,paradex\`); records as JSON
(\`{"BTC-PERP":0.5}\`); \`none\` lifts a limit; an empty one counts as not set. \`<NAME>\` is a plugin's or a venue's id in
capitals: \`BERTH_PLUGINS_MY_STRATEGY_ENABLED\`, where the file has \`"plugins": { "my_strategy": { "enabled": … } }\`.

\`BERTH_CONFIG\` names the file itself, as \`--config\` does. What confirms real money, \`--i-understand-live-trading\`, is a
flag only. Editors complete and check the file by its schema: \`{ "$schema": "docs/berth.schema.json" }\`, or
\`berth config schema\`.

This page is made from the schema: \`deno task docs\`.
`;

export function settingsPage(): string {
  const settings = listSettings();
  const config = defaults();
  const sections = [...new Set(settings.map(sectionOf))];
  return [
    introduction,
    ...sections.flatMap((section) => [
      `## ${section === "" ? "At the top" : section}`,
      "",
      ...table(settings.filter((setting) => sectionOf(setting) === section), config),
      "",
    ]),
  ].join("\n").trimEnd() + "\n";
}

const secrets =
  `# Copy to .env and fill in what you trade with. Values here are made up. .env is never committed.

# Secrets. Only the adapter that declares a name gets its value.

# Paradex: the account's address and the private key of the account or of a subkey.
# PARADEX_ACCOUNT=0x0
# PARADEX_PRIVATE_KEY=

# OKX: an API key with trade permission.
# OKX_API_KEY=
# OKX_SECRET_KEY=
# OKX_PASSPHRASE=

# Hyperliquid: the account's own address, and the private key of an agent (API wallet) of it.
# HYPERLIQUID_ACCOUNT_ADDRESS=0x0
# HYPERLIQUID_AGENT_PRIVATE_KEY=

# Aster: the main wallet's address, and the private key of an agent (API wallet) of it.
# ASTER_ACCOUNT_ADDRESS=0x0
# ASTER_AGENT_PRIVATE_KEY=

# EdgeX: an API key with its signer (API management, Perps V2, SDK signer), and the account's number.
# EDGEX_ACCOUNT_ID=
# EDGEX_API_KEY=
# EDGEX_API_SECRET=
# EDGEX_API_PASSPHRASE=
# EDGEX_SIGNER_PRIVATE_KEY=

# Alert channels (docs/alerts.md): read by the alerts alone, and only where a channel of alerts.channels names them.
# TELEGRAM_BOT_TOKEN=123456789:AAExampleOnly_notARealBotToken0000000
# DISCORD_WEBHOOK_URL=https://discord.com/api/webhooks/223704706495545344/ExampleOnly
# SLACK_WEBHOOK_URL=https://hooks.slack.com/services/T00000000/B00000000/ExampleOnly
# ALERT_WEBHOOK_URL=https://alerts.example.com/berth
# ALERT_WEBHOOK_KEY=whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=
# SMTP_PASSWORD=

# Settings, over those of berth.json; docs/settings.md says what each means. <NAME> is a plugin's or a venue's id.
`;

/** As the value stands in a variable: lists with commas, texts without quotation marks. */
function inVariable(setting: Setting, config: unknown): string {
  const text = defaultOf(setting, config);
  if (text === undefined) return "";
  const value: unknown = JSON.parse(text);
  if (value === null) return "none";
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "object" ? text : String(value);
}

export function envExample(): string {
  const config = defaults();
  const lines: string[] = [];
  let section = "";
  for (const setting of listSettings()) {
    if (sectionOf(setting) !== section || lines.length === 0) lines.push("");
    section = sectionOf(setting);
    lines.push(`# ${setting.variable}=${inVariable(setting, config)}`);
  }
  return `${secrets}${lines.join("\n")}\n`;
}
