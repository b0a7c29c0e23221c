/**
 * `@std/dotenv` over Node's built-in parser, with the official package's names. The import map's line can be swapped
 * for the JSR package unchanged.
 */
import { parseEnv } from "node:util";

export interface LoadOptions {
  /** Path of the file; null for none. @default "./.env" */
  envPath?: string | URL | null;
  /** Also sets what the environment does not have yet. @default false */
  export?: boolean;
}

/** The variables of a `.env` text. */
export function parse(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(parseEnv(text))) if (value !== undefined) values[name] = value;
  return values;
}

/** Text of a `.env` file that `parse` reads back. */
export function stringify(values: Record<string, string>): string {
  return Object.entries(values).map(([name, value]) => `${name}=${quoted(value)}`).join("\n");
}

function quoted(value: string): string {
  if (!/[\s"'#\\=`$]/.test(value)) return value;
  if (!value.includes("'")) return `'${value}'`;
  return value.includes("`") ? `"${value.replaceAll("\n", "\\n")}"` : `\`${value}\``;
}

function exported(values: Record<string, string>, options: LoadOptions): Record<string, string> {
  if (options.export === true) {
    for (const [name, value] of Object.entries(values)) {
      if (Deno.env.get(name) === undefined) Deno.env.set(name, value);
    }
  }
  return values;
}

/** Reads a `.env` file; a missing one is empty. */
export async function load(options: LoadOptions = {}): Promise<Record<string, string>> {
  const { envPath = ".env" } = options;
  if (envPath === null) return {};
  try {
    return exported(parse(await Deno.readTextFile(envPath)), options);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}

/** Like {@link load}, at once. */
export function loadSync(options: LoadOptions = {}): Record<string, string> {
  const { envPath = ".env" } = options;
  if (envPath === null) return {};
  try {
    return exported(parse(Deno.readTextFileSync(envPath)), options);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}
