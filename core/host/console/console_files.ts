/**
 * What a running host leaves for programs of the same user: the console's token, made once for a data folder, and where
 * the console listens. Both can be read by their owner alone.
 */
import { join } from "node:path";
import * as v from "valibot";

const tokenPattern = /^berth_[0-9a-f]{64}$/;

export const tokenPath = (dataDir: string): string => join(dataDir, "console.token");
/** @param folder of the environment */
export const addressPath = (folder: string): string => join(folder, "console.json");

export interface ConsoleToken {
  readonly token: string;
  /** Made just now: to be shown, this once. */
  readonly isNew: boolean;
}

/** The data folder's token; made when there is none, or when it can't be one. */
export async function readOrMakeToken(dataDir: string): Promise<ConsoleToken> {
  const known = await readToken(dataDir);
  if (known !== undefined) {
    if (Deno.build.os !== "windows") await Deno.chmod(tokenPath(dataDir), 0o600);
    return { token: known, isNew: false };
  }
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const token = `berth_${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  await writePrivately(tokenPath(dataDir), `${token}\n`);
  return { token, isNew: true };
}

/** Undefined when there is none. */
export async function readToken(dataDir: string): Promise<string | undefined> {
  const text = (await contentOf(tokenPath(dataDir)))?.trim();
  return text !== undefined && tokenPattern.test(text) ? text : undefined;
}

const addressSchema = v.object({
  url: v.pipe(v.string(), v.regex(/^http:\/\/[^\s/]{1,100}$/)),
  pid: v.pipe(v.number(), v.safeInteger()),
});
export type ConsoleAddress = v.InferOutput<typeof addressSchema>;

export const writeAddress = (folder: string, address: ConsoleAddress): Promise<void> =>
  writePrivately(addressPath(folder), `${JSON.stringify(address)}\n`);

/** Where the console of the newest host listened; undefined when none wrote it down. The host may be gone. */
export async function readAddress(folder: string): Promise<ConsoleAddress | undefined> {
  const text = await contentOf(addressPath(folder));
  if (text === undefined) return undefined;
  try {
    const parsed = v.safeParse(addressSchema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined; // half a file is no address
  }
}

export async function removeAddress(folder: string): Promise<void> {
  await Deno.remove(addressPath(folder)).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** Written beside and moved into place, so that nobody reads half of it or before its mode is set. */
async function writePrivately(path: string, text: string): Promise<void> {
  const beside = `${path}.${crypto.randomUUID().slice(0, 8)}`;
  await Deno.writeTextFile(beside, text, { mode: 0o600, createNew: true });
  await Deno.rename(beside, path);
}

async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
