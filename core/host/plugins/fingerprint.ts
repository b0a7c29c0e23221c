/**
 * What a grant is bound to: a hash over all files of a plugin and its manifest. One changed byte is another plugin.
 */
import { createHash } from "node:crypto";
import type { Manifest } from "../../sdk/manifest.ts";
import { readPluginFiles } from "../../sandbox/plugin_files.ts";
import type { PluginSource } from "./discovery.ts";

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

/** SHA-256 over the plugin's files by relative name, in hex. @throws {BerthError} PLUGIN_START_FAILED on a link */
export async function filesHash(source: PluginSource): Promise<string> {
  return (await readPluginFiles(source)).hash;
}

/** The fingerprint that a grant names: files and manifest together. */
export function fingerprint(hashOfFiles: string, manifest: Manifest): string {
  return createHash("sha256").update(hashOfFiles).update("\n").update(canonicalJson(manifest)).digest("hex");
}
