/**
 * What a grant is bound to: a hash over all files of a plugin and its manifest. One changed byte is another plugin.
 */
import { createHash } from "node:crypto";
import { basename, join, relative } from "node:path";
import type { Manifest } from "../sdk/manifest.ts";
import { BerthError } from "../errors.ts";
import type { PluginSource } from "./discovery.ts";

/** Most files and bytes that a plugin may consist of; beyond it the folder was surely meant for something else. */
const maxFiles = 2_000;
const maxTotalBytes = 64 << 20;

/**
 * All files of a plugin, sorted. Links are refused: they could point outside what was approved.
 * @throws {BerthError} PLUGIN_START_FAILED on a link or too many files
 */
async function filesOf(source: PluginSource): Promise<readonly string[]> {
  if (source.rootPath === source.entryPath) {
    await refuseLink(source, source.rootPath);
    return [source.rootPath];
  }
  await refuseLink(source, source.rootPath);
  const files: string[] = [];
  const pending = [source.rootPath];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for await (const entry of Deno.readDir(folder)) {
      const path = join(folder, entry.name);
      if (entry.isSymlink) await refuseLink(source, path);
      if (entry.isDirectory) pending.push(path);
      if (entry.isFile) files.push(path);
      if (files.length > maxFiles) throw tooMuch(source, `it has over ${maxFiles} files`);
    }
  }
  return files.sort();
}

function tooMuch(source: PluginSource, reason: string): BerthError {
  return new BerthError("PLUGIN_START_FAILED", { pluginId: source.name, reason });
}

async function refuseLink(source: PluginSource, path: string): Promise<void> {
  if ((await Deno.lstat(path)).isSymlink) throw tooMuch(source, `${basename(path)} is a link`);
}

/** JSON with sorted keys, so that equal manifests give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, field]) => field !== undefined).sort((
      [a],
      [b],
    ) => (a < b ? -1 : 1));
    return `{${entries.map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`).join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

/** SHA-256 over the plugin's files by relative name, in hex. */
export async function filesHash(source: PluginSource): Promise<string> {
  const hash = createHash("sha256");
  let totalBytes = 0;
  for (const path of await filesOf(source)) {
    const content = await Deno.readFile(path);
    totalBytes += content.length;
    if (totalBytes > maxTotalBytes) throw tooMuch(source, `its files are over ${maxTotalBytes >> 20} MiB`);
    const name = source.rootPath === path ? basename(path) : relative(source.rootPath, path);
    hash.update(`${JSON.stringify(name)} ${content.length}\n`).update(content);
  }
  return hash.digest("hex");
}

/** The fingerprint that a grant names: files and manifest together. */
export function fingerprint(hashOfFiles: string, manifest: Manifest): string {
  return createHash("sha256").update(hashOfFiles).update("\n").update(canonicalJson(manifest)).digest("hex");
}
