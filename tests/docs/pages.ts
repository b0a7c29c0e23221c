/** Pages that are made from the code. Run as a program it writes them; the test holds them to it. */
import { version } from "../../core/cli/version.ts";
import { endpoints } from "../../core/console/endpoints.ts";
import { openApiDocument } from "../../core/console/openapi.ts";
import { configJsonSchemaText } from "../../core/host/config/config_json_schema.ts";
import { refusalsPage } from "../../core/risk/refusals_page.ts";
import { commandsPage } from "./commands_page.ts";
import { envExample, settingsPage } from "./settings_page.ts";
import { strategiesPage } from "./strategies_page.ts";

export interface Page {
  /** In `docs/`. */
  readonly name: string;
  readonly text: () => string;
}

const openApiText = (): string => `${JSON.stringify(openApiDocument(endpoints, version), null, 2)}\n`;

export const pages: readonly Page[] = [
  { name: "openapi.json", text: openApiText },
  { name: "refusals.md", text: refusalsPage },
  { name: "berth.schema.json", text: configJsonSchemaText },
  { name: "settings.md", text: settingsPage },
  { name: "commands.md", text: commandsPage },
  { name: "strategies.md", text: strategiesPage },
  { name: "../.env.example", text: envExample },
];

export const pageUrl = (name: string): URL => new URL(`../../docs/${name}`, import.meta.url);

if (import.meta.main) {
  for (const { name, text } of pages) await Deno.writeTextFile(pageUrl(name), text());
}
