/** The JSON schema of the configuration file, for editors and `docs/berth.schema.json`. */
import { toJsonSchema } from "@valibot/to-json-schema";
import { configFileSchema } from "./config/file_schema.ts";

/** As text, with a final line break. */
export function configJsonSchemaText(): string {
  // Keys of records are checked by pattern, which the JSON schema says as `propertyNames`; nothing else differs.
  const schema = toJsonSchema(configFileSchema, { typeMode: "input", errorMode: "ignore" });
  const titled = {
    ...schema,
    title: "berth.json",
    description: "Configuration of berth. Every field is optional.",
  };
  return JSON.stringify(titled, null, 2) + "\n";
}
