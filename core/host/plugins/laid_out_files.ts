/**
 * A plugin's files as they were read once, in a folder of the host's own under the name of their hash: what was probed
 * and judged is what runs and what starts again after a crash, whatever happens to the files in the plugin folder, and
 * an older version can be put back.
 */
import { basename, dirname, join, relative } from "node:path";
import { BerthError } from "../../errors.ts";
import { type PluginFiles, readPluginFiles } from "../../sandbox/plugin_files.ts";
import type { PluginSource } from "./discovery.ts";

const isOneFile = (source: PluginSource): boolean => source.rootPath === source.entryPath;

/**
 * Lays the files out below `folder`, under their hash, and returns where to load them from. What lies there already
 * is compared with the hash and made anew if it differs.
 */
export async function layOut(
  { contents, hash }: PluginFiles,
  source: PluginSource,
  folder: string,
): Promise<PluginSource> {
  const home = join(folder, hash);
  const rootPath = join(home, basename(source.rootPath));
  const laidOut: PluginSource = {
    name: source.name,
    rootPath,
    entryPath: isOneFile(source) ? rootPath : join(rootPath, relative(source.rootPath, source.entryPath)),
  };
  if (await isIntact(laidOut, hash)) return laidOut;
  const fresh = join(folder, `new-${crypto.randomUUID()}`);
  const freshRoot = join(fresh, basename(source.rootPath));
  for (const [name, content] of contents) {
    const path = isOneFile(source) ? freshRoot : join(freshRoot, name);
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeFile(path, content, { mode: 0o400 });
  }
  await removeIfThere(home);
  try {
    await Deno.rename(fresh, home);
  } catch (error) {
    // Another look at the same files was faster.
    await removeIfThere(fresh);
    if (!(await isIntact(laidOut, hash))) throw error;
  }
  return laidOut;
}

/** Reads a plugin and lays it out below `folder`. @throws {BerthError} PLUGIN_START_FAILED on a link or too many files */
export const copyPlugin = async (source: PluginSource, folder: string): Promise<PluginSource> =>
  await layOut(await readPluginFiles(source), source, folder);

async function isIntact(laidOut: PluginSource, hash: string): Promise<boolean> {
  try {
    return (await readPluginFiles(laidOut)).hash === hash;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof BerthError) return false;
    throw error;
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Removes what was laid out by earlier runs and is of no use to this one. */
export async function removeOthers(folder: string, hashes: ReadonlySet<string>): Promise<void> {
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (!hashes.has(entry.name)) await removeIfThere(join(folder, entry.name));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
