/**
 * Recordings and vectors that lie beside the repository, never in it: tests read them in place and are skipped, by
 * name, where they are not at hand.
 */
import { fileURLToPath } from "node:url";

const folder = Deno.env.get("BERTH_SHARED") ?? fileURLToPath(new URL("../../../shared", import.meta.url));

/** Stands at the end of the name of a test that is skipped. */
export const sharedDataMissing = "(skipped: shared data is not at hand, set BERTH_SHARED)";

/**
 * The path of a shared file or folder, or undefined where it is absent.
 *
 * @param relativePath below the shared folder, as `recordings/okx.jsonl`.
 */
export function sharedPath(relativePath: string): string | undefined {
  const path = `${folder}/${relativePath}`;
  try {
    Deno.statSync(path);
    return path;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
