/**
 * Secrets of the operator: read once from `.env` and the environment, handed to the one plugin that was granted a
 * name, and known to the log writer so that a value can never be printed. The environment wins over the file.
 */
import { readEnvFile } from "./env_file.ts";

export interface Secrets {
  get(name: string): string | undefined;
  /** Values of all names that plugins declare: what logs and errors are searched for. Values under 6 characters are left out. */
  valuesOf(names: Iterable<string>): readonly string[];
}

/** The secrets a plugin names, or which of them the operator has not given. */
export type SecretsResult =
  | { readonly kind: "found"; readonly values: Readonly<Record<string, string>> }
  | { readonly kind: "missing"; readonly names: readonly string[] };

/** Values of these names; an empty one counts as missing. */
export function secretsNamed(secrets: Secrets, names: readonly string[]): SecretsResult {
  const found = names.map((name) => [name, secrets.get(name) ?? ""] as const);
  const missing = found.filter(([, value]) => value === "").map(([name]) => name);
  return missing.length > 0
    ? { kind: "missing", names: missing }
    : { kind: "found", values: Object.fromEntries(found) };
}

/**
 * @param envFile path of the `.env` file; a missing one is empty
 * @throws {BerthError} CONFIG_UNREADABLE when it is there and can't be read
 */
export async function readSecrets(
  envFile: string,
  environment: { get(name: string): string | undefined },
): Promise<Secrets> {
  const fromFile = await readEnvFile(envFile);
  const get = (name: string): string | undefined => environment.get(name) ?? fromFile[name];
  return {
    get,
    valuesOf(names) {
      const values = [...names].map(get).filter((value) => value !== undefined);
      return [...new Set(values)].filter((value) => value.length >= 6);
    },
  };
}
