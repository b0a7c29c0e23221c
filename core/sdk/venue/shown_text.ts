/** What a venue sent, for people: any parsed JSON, whatever stands where a text was expected. */

/** A text as it is, anything else as JSON; at most `maxChars`. Never throws: an object may have its own `toString`. */
export function shownText(value: unknown, maxChars = 300): string {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? "nothing";
  return text.slice(0, maxChars);
}
