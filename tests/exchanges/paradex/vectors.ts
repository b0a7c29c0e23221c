/** Reads recorded and computed Paradex data in place; tests that need it are skipped, and say so, where it is absent. */
const sharedFolder = Deno.env.get("BERTH_SHARED") ?? new URL("../../../../shared", import.meta.url).pathname;

/** Parses `vectors/paradex/<name>`; `undefined` where the folder is not at hand. Integers beyond 2^53 lose digits. */
export function readVectors<T>(name: string, parse: (value: unknown) => T): T | undefined {
  const text = readVectorText(name);
  return text === undefined ? undefined : parse(JSON.parse(text));
}

export function readVectorText(name: string): string | undefined {
  try {
    return Deno.readTextFileSync(`${sharedFolder}/vectors/paradex/${name}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Added to the name of a skipped test. */
export const skippedWithoutVectors = "(skipped: vectors/paradex is not at hand, set BERTH_SHARED)";
