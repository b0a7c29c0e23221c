/** The JSON schema of the configuration file as text, for editors and `docs/berth.schema.json`. */
import { configJsonSchema } from "./setting_list.ts";

/** As text, with a final line break. */
export function configJsonSchemaText(): string {
  const titled = {
    ...configJsonSchema(),
    title: "berth.json",
    description: "Configuration of berth. Every field is optional.",
  };
  return JSON.stringify(titled, null, 2) + "\n";
}
