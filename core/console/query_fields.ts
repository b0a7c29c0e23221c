/** Fields of queries that several endpoints take: texts at first, as addresses have them. */
import * as v from "valibot";

/** How many at most. */
export const limitText = (most: number, fallback: number) =>
  v.pipe(
    v.optional(v.string(), String(fallback)),
    v.regex(/^\d{1,6}$/, `a whole number from 1 to ${most}`),
    v.transform(Number),
    v.minValue(1, `at least 1`),
    v.maxValue(most, `at most ${most}`),
    v.description(`How many at most. Default ${fallback}, at most ${most}.`),
  );
/** A text that narrows what is answered. */
export const word = (words: string) =>
  v.exactOptional(v.pipe(v.string(), v.minLength(1), v.maxLength(200), v.description(words)));
/** A moment. */
export const microseconds = (words: string) =>
  v.exactOptional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,17}$/, "microseconds since the epoch"),
      v.transform(Number),
      v.description(words),
    ),
  );
