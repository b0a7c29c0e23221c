/**
 * Finds plugins by folder: a `.ts` file, or a folder with `mod.ts`. Nothing is loaded here; what is found is probed
 * in a sandbox before anything of it is believed.
 */
import { basename, join } from "node:path";

export interface PluginSource {
  /** File or folder name without `.ts`: how the operator speaks of it until its manifest is read. */
  readonly name: string;
  /** The module to load. */
  readonly entryPath: string;
  /** What the plugin may read of itself: its folder, or its one file. */
  readonly rootPath: string;
}

/** Names that are never plugins: hidden, private, tests and type declarations. */
const isIgnored = (name: string): boolean => /^[._]/.test(name) || /(_test|\.d|\.test)\.ts$/.test(name);

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}

/** All plugins of a folder, by name. A folder that does not exist has none. */
export async function findPlugins(folder: string): Promise<readonly PluginSource[]> {
  const found: PluginSource[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      const source = await pluginAt(folder, entry.name);
      if (source !== undefined) found.push(source);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The plugin that `name` in `folder` is, or undefined. */
export async function pluginAt(folder: string, name: string): Promise<PluginSource | undefined> {
  if (isIgnored(name)) return undefined;
  const path = join(folder, name);
  if (name.endsWith(".ts")) {
    return (await isFile(path))
      ? { name: basename(name, ".ts"), entryPath: path, rootPath: path }
      : undefined;
  }
  const entryPath = join(path, "mod.ts");
  return (await isFile(entryPath)) ? { name, entryPath, rootPath: path } : undefined;
}
