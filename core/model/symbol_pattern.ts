/** Symbols and venues by pattern: `*-PERP`, `BTC-*`. */

/** `*` stands for any run of characters, the rest for itself. */
export function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split("*");
  const first = parts[0] ?? "";
  const last = parts.at(-1) ?? "";
  if (parts.length === 1) return pattern === text;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) {
    return false;
  }
  let at = first.length;
  const end = text.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

export const matchesAny = (symbol: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => matchesPattern(pattern, symbol));
