/**
 * Folders and files that no plugin is ever given, whatever the operator approves: who could read the grants or the
 * `.env` has the keys, who could write the plugin folders decides what runs.
 */
import { join } from "node:path";
import type { Manifest } from "../../sdk/manifest.ts";

export interface GuardedPaths {
  /** Neither read nor written. */
  readonly secret: readonly string[];
  /** Not written. */
  readonly code: readonly string[];
}

/** True when one of two paths lies in the other, or both are the same. */
function overlaps(a: string, b: string): boolean {
  return a === b || a.startsWith(join(b, "/")) || b.startsWith(join(a, "/"));
}

/** The sentence that says what a manifest may not ask for, or undefined. */
export function guardedPathFault(manifest: Manifest, guarded: GuardedPaths): string | undefined {
  const { read = [], write = [] } = manifest.permissions ?? {};
  const sentence = (field: string, path: string, own: string): string =>
    `manifest field permissions.${field} names ${path}; expected a folder apart from ${own}, which is berth's own`;
  for (const path of read) {
    const own = guarded.secret.find((one) => overlaps(path, one));
    if (own !== undefined) return sentence("read", path, own);
  }
  for (const path of write) {
    const own = [...guarded.secret, ...guarded.code].find((one) => overlaps(path, one));
    if (own !== undefined) return sentence("write", path, own);
  }
  return undefined;
}

/**
 * What is in the way of granting these folders to a process, or undefined. A link is refused: what lies behind it was
 * not what was approved, and can change.
 */
export function missingOrLinked(paths: readonly string[]): string | undefined {
  for (const path of paths) {
    try {
      const real = Deno.realPathSync(path);
      if (real !== path) return `${path} is a link to ${real}. Name that folder in the manifest.`;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return `There is no folder ${path}. Make it, then enable the plugin again.`;
    }
  }
  return undefined;
}
