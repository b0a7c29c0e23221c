/**
 * A plugin's files, read once. What is hashed is what is sent to the plugin's process, and what is sent is all that
 * process can load: nothing is read from disk a second time, so no file can be swapped between check and load.
 */
import { createHash } from "node:crypto";
import { basename, join, relative } from "node:path";
import { BerthError } from "../errors.ts";

/** Most files and bytes that a plugin may consist of; beyond it the folder was surely meant for something else. */
const maxFiles = 2_000;
const maxTotalBytes = 64 << 20;
/** Of the files that are code or data to import, which are held in the plugin's memory. */
const maxModuleBytes = 8 << 20;
const isModule = (path: string): boolean => /\.(m?[jt]s|json|txt)$/.test(path);

export interface PluginFiles {
  /** Contents by path relative to the plugin's folder, with `/`; sorted by path. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
  /** SHA-256 over names and contents, in hex. */
  readonly hash: string;
}

/** Where a plugin lies: its folder, or its one file. */
export interface PluginPlace {
  readonly name: string;
  readonly rootPath: string;
  readonly entryPath: string;
}

const refused = (name: string, reason: string): BerthError =>
  new BerthError("PLUGIN_START_FAILED", { pluginId: name, reason });

/**
 * Reads all files of a plugin. Links are refused: they could lead outside what was approved.
 * @throws {BerthError} PLUGIN_START_FAILED on a link, too many files or too many bytes
 */
export async function readPluginFiles(place: PluginPlace): Promise<PluginFiles> {
  const { name, rootPath, entryPath } = place;
  const paths = await pathsOf(place);
  const contents = new Map<string, Uint8Array>();
  let totalBytes = 0;
  for (const path of paths) {
    const content = await Deno.readFile(path);
    totalBytes += content.length;
    if (totalBytes > maxTotalBytes) throw refused(name, `its files are over ${maxTotalBytes >> 20} MiB`);
    const own = rootPath === entryPath ? basename(path) : relative(rootPath, path).replaceAll("\\", "/");
    contents.set(own, content);
  }
  return { contents, hash: hashOf(contents) };
}

async function pathsOf({ name, rootPath, entryPath }: PluginPlace): Promise<readonly string[]> {
  if ((await Deno.lstat(rootPath)).isSymlink) throw refused(name, `${basename(rootPath)} is a link`);
  if (rootPath === entryPath) return [rootPath];
  const files: string[] = [];
  const pending = [rootPath];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for await (const entry of Deno.readDir(folder)) {
      if (entry.isSymlink) throw refused(name, `${entry.name} is a link`);
      const path = join(folder, entry.name);
      if (entry.isDirectory) pending.push(path);
      if (entry.isFile) files.push(path);
      if (files.length > maxFiles) throw refused(name, `it has over ${maxFiles} files`);
    }
  }
  return files.sort();
}

function hashOf(contents: ReadonlyMap<string, Uint8Array>): string {
  const hash = createHash("sha256");
  for (const [name, content] of contents) {
    hash.update(`${JSON.stringify(name)} ${content.length}\n`).update(content);
  }
  return hash.digest("hex");
}

/**
 * The files that can be imported, as text.
 * @throws {BerthError} PLUGIN_START_FAILED when one is no UTF-8 or all are too much to hold
 */
export function moduleTexts(place: PluginPlace, files: PluginFiles): Readonly<Record<string, string>> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const texts: Record<string, string> = {};
  let totalBytes = 0;
  for (const [path, content] of files.contents) {
    if (!isModule(path)) continue;
    totalBytes += content.length;
    if (totalBytes > maxModuleBytes) {
      throw refused(place.name, `its modules are over ${maxModuleBytes >> 20} MiB`);
    }
    try {
      texts[path] = decoder.decode(content);
    } catch {
      throw refused(place.name, `${path} is no UTF-8 text`);
    }
  }
  return texts;
}
