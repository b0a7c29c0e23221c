/** A plugin as it was at one moment: its files laid out where nobody changes them, its manifest read from those. */
import { describeError } from "../../errors.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { Manifest } from "../../sdk/manifest.ts";
import type { PluginSource } from "./discovery.ts";
import { fingerprint } from "./fingerprint.ts";
import { readPluginFiles } from "../../sandbox/plugin_files.ts";
import { layOut } from "./laid_out_files.ts";
import { probeManifest } from "./probe.ts";

export interface SoundVersion {
  readonly kind: "sound";
  /** Where the files that run lie. */
  readonly files: PluginSource;
  readonly filesHash: string;
  readonly manifest: Manifest;
  /** What a grant names. */
  readonly fingerprint: string;
}

export interface BrokenVersion {
  readonly kind: "broken";
  readonly filesHash: string;
  readonly why: string;
  /** It was killed while it was read, perhaps because the machine was busy: worth another look. */
  readonly mayHeal: boolean;
}

export type PluginVersion = SoundVersion | BrokenVersion;

export interface Examination {
  readonly sandbox: Sandbox;
  /** The host's own folder of laid out files. */
  readonly folder: string;
  /** It came with berth and may load packages while its manifest is read. */
  readonly isBundled: boolean;
  /** Ends a look that is no longer of use. */
  readonly signal?: AbortSignal;
}

/**
 * Reads, lays out and probes a plugin. Whatever is wrong with it becomes a sentence.
 *
 * @param known what was found before: the same files are not probed again
 */
export async function examine(
  source: PluginSource,
  options: Examination,
  known?: PluginVersion,
): Promise<PluginVersion> {
  const { sandbox, folder, isBundled, signal } = options;
  let filesHash = "";
  try {
    const read = await readPluginFiles(source);
    filesHash = read.hash;
    if (known?.filesHash === filesHash && !(known.kind === "broken" && known.mayHeal)) return known;
    const files = await layOut(read, source, folder);
    const probed = await probeManifest(sandbox, files, isBundled, filesHash, signal);
    if (probed.kind === "broken") {
      return { kind: "broken", filesHash, why: inPlace(probed.why, files, source), mayHeal: probed.mayHeal };
    }
    const { manifest } = probed;
    return { kind: "sound", files, filesHash, manifest, fingerprint: fingerprint(filesHash, manifest) };
  } catch (error) {
    // A file that vanished or changed while it was read: the next look finds it whole.
    return { kind: "broken", filesHash, why: describeError(error), mayHeal: true };
  }
}

/** A text that names laid out files, with the operator's own paths instead. */
export function inPlace(text: string, files: PluginSource, source: PluginSource): string {
  return text.replaceAll(files.rootPath, source.rootPath);
}
