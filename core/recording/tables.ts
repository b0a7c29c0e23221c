/**
 * The tables of a recording, one Parquet file of each kind a part: columns by the names that pandas, Polars and DuckDB
 * show. Instruments are written by their id; what berth needs to know of them is in each file's metadata under
 * `berth.instruments`, as JSON.
 *
 * Times: `ts_recv_us` microseconds since the epoch when the frame arrived, `ts_venue_ms` the venue's own. Prices and
 * sizes are float64 in quote and base units; a missing side is null.
 */
import type { BookLevel, BookUpdate } from "../model/market.ts";
import type { Instrument } from "../model/instrument.ts";
import { incrementsToNumber, priceTicks, roundToIncrements, sizeLots } from "../model/ticks.ts";
import type { IndexedBook } from "../protocol/codec.ts";
import { recordKinds, recordOffsets, writeRecord } from "../protocol/records.ts";

export const recordingFormat = "1";
export const tableNames = ["quotes", "trades", "marks", "books"] as const;
export type TableName = (typeof tableNames)[number];

export type ColumnType = "INT64" | "DOUBLE" | "STRING" | "BOOLEAN";
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
}

const column = (name: string, type: ColumnType, nullable = false): Column => ({ name, type, nullable });
const common = [
  column("ts_recv_us", "INT64"),
  column("ts_venue_ms", "DOUBLE"),
  column("instrument", "STRING"),
  column("sequence", "DOUBLE"),
];

export const tableColumns: Readonly<Record<TableName, readonly Column[]>> = {
  quotes: [
    ...common,
    column("bid_price", "DOUBLE", true),
    column("bid_size", "DOUBLE"),
    column("ask_price", "DOUBLE", true),
    column("ask_size", "DOUBLE"),
    column("from_rest", "BOOLEAN"),
  ],
  trades: [...common, column("taker_side", "STRING"), column("price", "DOUBLE"), column("size", "DOUBLE")],
  marks: [
    ...common,
    column("mark_price", "DOUBLE", true),
    column("index_price", "DOUBLE", true),
    column("funding_rate", "DOUBLE", true),
    column("ts_next_funding_ms", "DOUBLE", true),
  ],
  books: [
    ...common,
    column("update", "STRING"),
    column("side", "STRING", true),
    column("price", "DOUBLE", true),
    column("size", "DOUBLE", true),
  ],
};

/** A cell; NaN never: what is missing is null. */
export type Cell = bigint | number | string | boolean | null;
export type Row = readonly Cell[];

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
const orNaN = (value: Cell | undefined): number => (typeof value === "number" ? value : NaN);

/** The table and row of a 64-byte record. */
export function rowOfRecord(view: DataView, at: number, instrument: string): { table: TableName; row: Row } {
  const number = (offset: number): number => view.getFloat64(at + offset, true);
  const head: Row = [
    BigInt(Math.round(number(recordOffsets.tsRecvUs))),
    number(recordOffsets.tsVenueMs),
    instrument,
    number(recordOffsets.sequence),
  ];
  const flag = view.getUint8(at + recordOffsets.flag) === 1;
  const [first, second, third, fourth] = [
    number(recordOffsets.first),
    number(recordOffsets.second),
    number(recordOffsets.third),
    number(recordOffsets.fourth),
  ];
  switch (view.getUint8(at)) {
    case recordKinds.quote:
      return { table: "quotes", row: [...head, orNull(first), second, orNull(third), fourth, flag] };
    case recordKinds.trade:
      return { table: "trades", row: [...head, flag ? "sell" : "buy", first, second] };
    default:
      return { table: "marks", row: [...head, orNull(first), orNull(second), orNull(third), orNull(fourth)] };
  }
}

/** One row a level; an update without levels, such as `invalid`, has one row of its own. */
export function rowsOfBook(update: BookUpdate, { tick, lot }: Instrument): readonly Row[] {
  const head: Row = [
    BigInt(Math.round(update.tsRecvUs)),
    update.tsVenueMs,
    update.instrument,
    update.sequence,
    update.kind,
  ];
  const levels = (["bids", "asks"] as const).flatMap((side) =>
    update[side].map(({ priceTicks, sizeLots }): Row => [
      ...head,
      side === "bids" ? "bid" : "ask",
      incrementsToNumber(priceTicks, tick),
      incrementsToNumber(sizeLots, lot),
    ])
  );
  return levels.length > 0 ? levels : [[...head, null, null, null]];
}

/** The update that rows of one book, time and sequence came from. @param index of the instrument */
export function bookOfRows(rows: readonly Row[], index: number, { tick, lot }: Instrument): IndexedBook {
  const [tsRecvUs, tsVenueMs, _instrument, sequence, update] = rows[0] ?? [];
  const levels = (side: string): readonly BookLevel[] =>
    rows.filter((row) => row[5] === side).map((row) => ({
      priceTicks: priceTicks(roundToIncrements(orNaN(row[6]), tick, "nearest")),
      sizeLots: sizeLots(roundToIncrements(orNaN(row[7]), lot, "nearest")),
    }));
  return {
    index,
    kind: update === "snapshot" || update === "delta" ? update : "invalid",
    bids: levels("bid"),
    asks: levels("ask"),
    sequence: orNaN(sequence),
    tsVenueMs: orNaN(tsVenueMs),
    tsRecvUs: Number(tsRecvUs),
  };
}

/** Whether two rows of books belong to one update. */
export const isSameUpdate = (a: Row, b: Row): boolean => [0, 2, 3, 4].every((place) => a[place] === b[place]);

/** Writes the record that a row of quotes, trades or marks came from. */
export function recordOfRow(
  table: Exclude<TableName, "books">,
  row: Row,
  index: number,
  view: DataView,
  at: number,
): void {
  const [tsRecvUs, tsVenueMs, _instrument, sequence, first, second, third, fourth, last] = row;
  const stamp = [index, orNaN(sequence), orNaN(tsVenueMs), Number(tsRecvUs)] as const;
  switch (table) {
    case "quotes":
      return writeRecord(
        view,
        at,
        recordKinds.quote,
        last === true ? 1 : 0,
        ...stamp,
        orNaN(first),
        orNaN(second),
        orNaN(third),
        orNaN(fourth),
      );
    case "trades":
      return writeRecord(
        view,
        at,
        recordKinds.trade,
        first === "sell" ? 1 : 0,
        ...stamp,
        orNaN(second),
        orNaN(third),
        0,
        0,
      );
    case "marks":
      return writeRecord(
        view,
        at,
        recordKinds.mark,
        0,
        ...stamp,
        orNaN(first),
        orNaN(second),
        orNaN(third),
        orNaN(fourth),
      );
    default:
      return table satisfies never;
  }
}
