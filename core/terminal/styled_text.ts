/**
 * Text with styles, measured in terminal cells. Text from outside (plugins, venues) is made harmless first: no control
 * sequence of theirs reaches the terminal, and every character is one cell wide, so that columns stay columns.
 */

export type Style = "plain" | "dim" | "bold" | "good" | "bad" | "warn" | "accent" | EnvironmentStyle;
export type EnvironmentStyle = "sim" | "paper" | "testnet" | "live" | "replay";

/** A run of characters of one style. Its text has one cell a character. */
export interface Span {
  readonly text: string;
  readonly style: Style;
}

export type Line = readonly Span[];

/** One cell a character: combining marks go, what is wide, invisible or a control character becomes `?`. */
export function harmless(text: string): string {
  return text
    .replace(/[\u0300-\u036f]/gu, "")
    .replace(/\s/gu, " ")
    .replace(
      /[^\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0482\u048a-\u0588\u2010-\u2027\u2030-\u205e\u2190-\u22ff\u2500-\u25ff]/gu,
      "?",
    );
}

/** A span of text that may come from outside. */
export const span = (text: string, style: Style = "plain"): Span => ({ text: harmless(text), style });

/** Cells of a line. */
export const widthOf = (line: Line): number => line.reduce((sum, { text }) => sum + text.length, 0);

/** The line cut to `width` cells; a cut shows as `…`. */
export function clipped(line: Line, width: number): Line {
  if (widthOf(line) <= width) return line;
  const kept: Span[] = [];
  let left = width;
  for (const part of line) {
    if (part.text.length >= left) {
      if (left > 0) kept.push({ text: `${part.text.slice(0, left - 1)}…`, style: part.style });
      break;
    }
    kept.push(part);
    left -= part.text.length;
  }
  return kept;
}

export type Alignment = "left" | "right";

/** The line filled up to `width` cells, or cut to it. */
export function fitted(line: Line, width: number, alignment: Alignment, fill: Span = span(" ")): Line {
  const cut = clipped(line, width);
  const missing = width - widthOf(cut);
  if (missing <= 0) return cut;
  const padding: Span = { text: fill.text.repeat(missing), style: fill.style };
  return alignment === "left" ? [...cut, padding] : [padding, ...cut];
}

/** Select graphic rendition, ECMA-48. */
const codes: Readonly<Record<Style, string>> = {
  plain: "",
  dim: "2",
  bold: "1",
  good: "32",
  bad: "31",
  warn: "33",
  accent: "36",
  sim: "1;97;44",
  paper: "1;97;45",
  replay: "1;97;46",
  testnet: "1;30;43",
  live: "1;97;41",
};

const plainGlyphs: Readonly<Record<string, string>> = {
  "─": "-",
  "│": "|",
  "┬": "+",
  "┴": "+",
  "┼": "+",
  "·": "-",
  "…": "~",
  "→": ">",
  "−": "-",
  "●": "*",
  "○": "o",
  "✓": "+",
  "×": "x",
  "–": "-",
};

/** ASCII for terminals without Unicode. */
const asAscii = (text: string): string =>
  // deno-lint-ignore no-control-regex -- \x00-\x7f is ASCII itself
  text.replace(/[^\x00-\x7f]/gu, (glyph) => plainGlyphs[glyph] ?? "?");

export interface PaintOptions {
  readonly color: boolean;
  readonly unicode: boolean;
}

/** The line as the terminal takes it, without trailing blanks. */
export function paint(line: Line, { color, unicode }: PaintOptions): string {
  const parts = merged(line).map(({ text, style }) => {
    const shown = unicode ? text : asAscii(text);
    const code = codes[style];
    return color && code !== "" && (shown.trim() !== "" || isFilled(style))
      ? `\x1b[${code}m${shown}\x1b[0m`
      : shown;
  });
  return parts.join("").trimEnd();
}

/** Neighbours of one style as one span: fewer bytes a frame. */
function merged(line: Line): Line {
  return line.reduce<Span[]>((spans, next) => {
    const last = spans.at(-1);
    if (last?.style === next.style) {
      spans[spans.length - 1] = { text: last.text + next.text, style: next.style };
    } else spans.push(next);
    return spans;
  }, []);
}

/** Styles with a background show on blanks too. */
const isFilled = (style: Style): boolean => /4\d/.test(codes[style]);
