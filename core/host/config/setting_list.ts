/**
 * Every single setting of the configuration file, read off its schema: where it stands, the environment variable that sets
 * it too, and how that variable is written. A new field of the schema is in this list by itself.
 */
import { toJsonSchema } from "@valibot/to-json-schema";
import { configFileSchema } from "./file_schema.ts";
import { anyName, placeholder, type Setting, type SettingForm } from "./setting.ts";

type SchemaNode = ReturnType<typeof toJsonSchema>;

/** The schema of the file for editors, as data. */
export const configJsonSchema = (): SchemaNode =>
  // Keys of records are checked by pattern, which the JSON schema says as `propertyNames`; nothing else differs.
  toJsonSchema(configFileSchema, { typeMode: "input", errorMode: "ignore" });

/** `maxOrderNotionalUsd` as `MAX_ORDER_NOTIONAL_USD`. */
const upperSnake = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase();

const variableOf = (path: readonly string[]): string =>
  ["BERTH", ...path.map((name) => name === anyName ? placeholder : upperSnake(name))].join("_");

const formsByType: Readonly<Record<string, SettingForm>> = {
  string: "text",
  number: "number",
  integer: "number",
  boolean: "truth",
  array: "list",
};

const asNode = (part: SchemaNode | boolean | undefined): SchemaNode | undefined =>
  typeof part === "object" ? part : undefined;

function formOf(node: SchemaNode): SettingForm {
  const { type } = asNode(node.anyOf?.[0]) ?? node;
  return typeof type === "string" ? formsByType[type] ?? "json" : "json";
}

function settingsBelow(node: SchemaNode, path: readonly string[]): readonly Setting[] {
  if (node.properties !== undefined) {
    return Object.entries(node.properties).flatMap(([name, part]) => {
      const inner = asNode(part);
      return inner === undefined || name === "$schema" ? [] : settingsBelow(inner, [...path, name]);
    });
  }
  const entry = asNode(node.additionalProperties);
  if (entry?.properties !== undefined) return settingsBelow(entry, [...path, anyName]);
  return [{
    path,
    variable: variableOf(path),
    form: formOf(node),
    isNullable: node.anyOf?.some((part) => asNode(part)?.type === "null") ?? false,
    description: node.description ?? "",
  }];
}

/** In the order of the file. */
export const listSettings = (): readonly Setting[] => settingsBelow(configJsonSchema(), []);
