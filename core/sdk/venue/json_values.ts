/** What stands in a venue's parsed JSON, where a look at a field is enough and a schema would be in the way. */

/** True for what `JSON.parse` gives for a record. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Longer than any decimal that means something. */
const maxChars = 64;

/** A decimal text as number; NaN for "" (many venues' "not applicable") and for whatever is none. */
export function numberOf(value: unknown): number {
  if (typeof value !== "string" || value === "" || value.length > maxChars) return NaN;
  const number = Number(value);
  return Number.isFinite(number) ? number : NaN;
}

/** The same, with `undefined` for what is absent. */
export function optionalNumber(value: string | null | undefined): number | undefined {
  const number = numberOf(value);
  return Number.isFinite(number) ? number : undefined;
}
