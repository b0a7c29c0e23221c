/** Moves a journal out of the way without losing it: the file and its logs, under a name that nothing has yet. */
import { dirname } from "node:path";

export type SetAside =
  | { readonly kind: "moved"; readonly to: string }
  | { readonly kind: "failed"; readonly reason: string };

/** @param why part of the new name: `corrupt`, `before-restore` */
export function setAside(path: string, why: string, tsNowMs: number): SetAside {
  const to = freeName(path, why, tsNowMs);
  for (const suffix of ["", "-wal", "-shm"]) {
    try {
      Deno.renameSync(path + suffix, to + suffix);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue;
      return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
    }
  }
  return { kind: "moved", to };
}

/** Two within a millisecond both stay. */
export function freeName(path: string, why: string, tsNowMs: number): string {
  const stamp = new Date(tsNowMs).toISOString().replaceAll(/[:.]/g, "-");
  const base = `${dirname(path)}/journal-${why}-${stamp}`;
  for (let attempt = 0;; attempt++) {
    const name = attempt === 0 ? `${base}.db` : `${base}-${attempt}.db`;
    try {
      Deno.lstatSync(name);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return name;
      throw error;
    }
  }
}
