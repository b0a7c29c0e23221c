/**
 * Where this release lies: `core/`, `exchanges/` and `plugins/` are in it. Of a compiled berth they are in its own file,
 * which its modules read like folders; nothing else finds them there, and nothing in them changes.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const projectFolder = fileURLToPath(new URL("../../", import.meta.url));

/** Adapters and simulators that came with berth. */
export const exchangesFolder = join(projectFolder, "exchanges");

/** Strategies that came with berth. */
export const bundledPluginsFolder = join(projectFolder, "plugins");

/**
 * Where strategies are looked for when nobody names a folder: `plugins`. A compiled berth has its own inside, and looks
 * beside its file too.
 *
 * @param folder of the configuration, or the working folder
 * @param executable path of a compiled berth's file; undefined when it runs from source
 */
export function defaultPluginFolders(folder: string, executable: string | undefined): readonly string[] {
  const here = join(folder, "plugins");
  if (executable === undefined) return [here];
  return [...new Set([bundledPluginsFolder, join(dirname(executable), "plugins"), here])];
}
