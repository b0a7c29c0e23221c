/** Which symbols the host wants, as patterns. */

/** `*` stands for any run of characters. */
export function matchesAny(symbol: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const parts = pattern.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`).test(symbol);
  });
}
