/** What a venue should never send, and may: for readers that must stand it. */
import fc from "fast-check";

/** What no schema expects: other types, numbers without end, absences, nesting. */
export const nonsense: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    true,
    "",
    "NaN",
    "1e400",
    "-1",
    "0x1",
    "9".repeat(5_000),
    1e308,
    -0,
    NaN,
    [],
    {},
    [[]],
  ),
  fc.jsonValue(),
);

/** A record or list with one place, anywhere in it, turned into nonsense, left out, or joined by something unknown. */
export function damaged(value: unknown): fc.Arbitrary<unknown> {
  const places = pathsOf(value);
  return fc.tuple(fc.constantFrom(...places), nonsense, fc.nat({ max: 2 })).map(([path, replacement, how]) =>
    changed(
      value,
      path,
      (found) =>
        how === 0
          ? replacement
          : how === 1
          ? undefined
          : typeof found === "object" && found !== null && !Array.isArray(found)
          ? { ...found, unknownField: replacement }
          : [found, replacement],
    )
  );
}

function pathsOf(value: unknown): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [[]];
  return [
    [],
    ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner).map((path) => [key, ...path])),
  ];
}

function changed(value: unknown, path: readonly string[], change: (found: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return change(value);
  if (Array.isArray(value)) {
    return value.map((inner: unknown, at) => String(at) === key ? changed(inner, rest, change) : inner);
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, name === key ? changed(inner, rest, change) : inner]),
  );
}
