/**
 * A table that fits: columns as wide as what they hold (never narrower than `minWidth`, so that a changing number does
 * not move its neighbours), the least important ones left out where there is no room, the last one cut.
 */
import { type Alignment, fitted, type Line, type Span, span, widthOf } from "./styled_text.ts";

export interface Column<Row> {
  readonly heading: string;
  readonly alignment: Alignment;
  readonly minWidth: number;
  /** Left out first where there is no room: higher goes sooner; 0 always stays. */
  readonly dropRank: number;
  cell(row: Row): Span;
}

export interface DrawnTable {
  /** The columns' names on a rule. */
  readonly heading: Line;
  readonly rows: readonly Line[];
}

const gap = 1;
const ruleFill: Span = { text: "─", style: "dim" };

interface Laid {
  readonly heading: string;
  readonly alignment: Alignment;
  readonly width: number;
  readonly dropRank: number;
  readonly cells: readonly Span[];
}

function totalWidth(columns: readonly Laid[]): number {
  return columns.reduce((sum, column) => sum + column.width, 0) + gap * Math.max(columns.length - 1, 0);
}

/** Leaves out columns until the rest fits, as far as columns may go. */
function fitting(columns: readonly Laid[], width: number): readonly Laid[] {
  let kept = columns;
  while (totalWidth(kept) > width) {
    const rank = Math.max(...kept.map((column) => column.dropRank));
    if (rank <= 0) return kept;
    const last = kept.findLastIndex((column) => column.dropRank === rank);
    kept = kept.filter((_, index) => index !== last);
  }
  return kept;
}

/** Draws rows into `width` cells; lines may be shorter, never longer. */
export function drawTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): DrawnTable {
  const laid = columns.map((column): Laid => {
    const cells = rows.map((row) => column.cell(row));
    const widest = cells.reduce((max, cell) => Math.max(max, cell.text.length), column.heading.length);
    return { ...column, width: Math.max(widest, column.minWidth), cells };
  });
  const kept = fitting(laid, width);
  const lineOf = (pick: (column: Laid) => Line, fill: Span): Line =>
    kept.flatMap((column, index) => [
      ...(index === 0 ? [] : [{ text: fill.text.repeat(gap), style: fill.style }]),
      ...fitted(pick(column), column.width, column.alignment, fill),
    ]);
  const heading = lineOf((column) => [headingSpan(column)], ruleFill);
  const ruleLeft = width - widthOf(heading);
  const rule: Line = ruleLeft > 0 ? [{ text: ruleFill.text.repeat(ruleLeft), style: "dim" }] : [];
  return {
    heading: fitted([...heading, ...rule], width, "left"),
    rows: rows.map((_, index) =>
      fitted(lineOf((column) => [column.cells[index] ?? span("")], span(" ")), width, "left")
    ),
  };
}

const headingSpan = (column: Laid): Span => ({ text: column.heading, style: "bold" });
