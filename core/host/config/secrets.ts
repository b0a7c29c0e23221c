/**
 * Secrets of the operator: read once from `.env`, the service's credentials and the environment, handed to the one
 * plugin that was granted a name, and known to the log writer so that a value can never be printed. The environment wins
 * over the credentials, these over the file.
 */
import { join } from "node:path";
import { BerthError } from "../../errors.ts";
import { readEnvFile } from "./env_file.ts";

export interface Secrets {
  get(name: string): string | undefined;
  /** Values of all names that plugins declare: what logs and errors are searched for. Values under 6 characters are left out. */
  valuesOf(names: Iterable<string>): readonly string[];
  /** Files and folders they were looked for in: no plugin is ever given these. */
  readonly paths: readonly string[];
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
 * Names the folder in which systemd hands a service its credentials: a file a secret, called like it. They are encrypted
 * where they are kept (`LoadCredentialEncrypted=`), and never in an environment or on a disk in the clear.
 *
 * @see https://systemd.io/CREDENTIALS/
 */
const folderVariable = "CREDENTIALS_DIRECTORY";
const secretName = /^[A-Z][A-Z0-9_]{0,99}$/;

/** Files of other names are none of ours. @throws {BerthError} CONFIG_UNREADABLE */
async function readCredentials(folder: string): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (secretName.test(name)) found[name] = (await Deno.readTextFile(join(folder, name))).trim();
    }
    return found;
  } catch (cause) {
    const reason = `${folderVariable} names it, and it can't be read`;
    throw new BerthError("CONFIG_UNREADABLE", { file: folder, reason }, { cause });
  }
}

/**
 * @param envFile path of the `.env` file; a missing one is empty
 * @throws {BerthError} CONFIG_UNREADABLE when it, or the folder of credentials, is there and can't be read
 */
export async function readSecrets(
  envFile: string,
  environment: { get(name: string): string | undefined },
): Promise<Secrets> {
  const folder = environment.get(folderVariable);
  const fromFile = await readEnvFile(envFile);
  const credentials = folder === undefined ? {} : await readCredentials(folder);
  const get = (name: string): string | undefined =>
    environment.get(name) ?? credentials[name] ?? fromFile[name];
  return {
    get,
    paths: [envFile, ...(folder === undefined ? [] : [folder])],
    valuesOf(names) {
      const values = [...names].map(get).filter((value) => value !== undefined);
      return [...new Set(values)].filter((value) => value.length >= 6);
    },
  };
}
