/** A part of the display: a table that knows how much it matters. */
import { type Column, type DrawnTable, drawTable } from "./table.ts";
import { harmless, type Span } from "./styled_text.ts";

export interface Section {
  /** Rows that are shown before any other section gets more than its own. */
  readonly minRows: number;
  /** Smaller gives way later. */
  readonly priority: number;
  readonly count: number;
  draw(width: number): DrawnTable;
}

export function section<Row>(
  priority: number,
  minRows: number,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
): Section {
  return { priority, minRows, count: rows.length, draw: (width) => drawTable(columns, rows, width) };
}

export function column<Row>(
  heading: string,
  alignment: Column<Row>["alignment"],
  minWidth: number,
  dropRank: number,
  cell: (row: Row) => Span,
): Column<Row> {
  return { heading: harmless(heading), alignment, minWidth, dropRank, cell };
}
