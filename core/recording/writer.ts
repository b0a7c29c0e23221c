/**
 * Writes market data to Parquet, a part at a time: `quotes/000001.parquet`, `trades/000001.parquet` and so on hold the
 * same stretch of time. A part is whole or not there: it is written beside its name and then moved to it, so a crash
 * loses at most the part that was being collected. A part begins with the books as they stand (book_keyframes.ts).
 */
import { ByteWriter, parquetWrite } from "hyparquet-writer";
import { join } from "node:path";
import { BerthError } from "../errors.ts";
import type { Instrument } from "../model/instrument.ts";
import type { BookUpdate } from "../model/market.ts";
import { BookKeyframes } from "./book_keyframes.ts";
import {
  type Cell,
  recordingFormat,
  type Row,
  rowOfRecord,
  rowsOfBook,
  tableColumns,
  type TableName,
  tableNames,
} from "./tables.ts";

export interface RecordingOptions {
  readonly folder: string;
  readonly instrument: (index: number) => Instrument | undefined;
  /** Rows of one table after which a part is written. */
  readonly maxRows?: number;
  /** berth's version, for the files' metadata. */
  readonly version: string;
}

export class RecordingWriter {
  readonly #options: RecordingOptions;
  readonly #maxRows: number;
  readonly #rows: Record<TableName, Row[]> = { quotes: [], trades: [], marks: [], books: [] };
  readonly #written: Record<TableName, number> = { quotes: 0, trades: 0, marks: 0, books: 0 };
  readonly #instruments = new Map<string, Instrument>();
  readonly #books = new BookKeyframes();
  #part: number;
  /** Something was taken since the last part was written. */
  #isPartBegun = false;
  /** Parts are written one after the other, while new rows are taken. */
  #writing: Promise<void> = Promise.resolve();

  private constructor(options: RecordingOptions, nextPart: number) {
    this.#options = options;
    this.#maxRows = options.maxRows ?? 200_000;
    this.#part = nextPart;
  }

  /** Begins, or goes on after the newest part of an earlier recording. */
  static async open(options: RecordingOptions): Promise<RecordingWriter> {
    let newest = 0;
    for (const table of tableNames) {
      const folder = join(options.folder, table);
      await Deno.mkdir(folder, { recursive: true });
      for await (const entry of Deno.readDir(folder)) {
        const part = /^(\d{6})\.parquet$/.exec(entry.name)?.[1];
        if (part !== undefined) newest = Math.max(newest, Number(part));
      }
    }
    return new RecordingWriter(options, newest + 1);
  }

  /** Rows that are safely in files, by table. */
  get written(): Readonly<Record<TableName, number>> {
    return this.#written;
  }

  /** Takes one 64-byte record of the host's instrument `index`. */
  onRecord(index: number, view: DataView, at: number): void {
    const instrument = this.#options.instrument(index);
    if (instrument === undefined) return;
    this.#instruments.set(instrument.id, instrument);
    const { table, row } = rowOfRecord(view, at, instrument.id);
    this.#beginPart();
    this.#rows[table].push(row);
    this.#flushFull(table);
  }

  onBook(index: number, update: BookUpdate): void {
    const instrument = this.#options.instrument(index);
    if (instrument === undefined) return;
    this.#instruments.set(instrument.id, instrument);
    this.#beginPart();
    for (const row of rowsOfBook(update, instrument)) this.#rows.books.push(row);
    this.#books.apply(update, instrument);
    this.#flushFull("books");
  }

  /** Writes what was collected as a part of its own; resolves when all parts so far are safe. @throws when they can't be written */
  flush(): Promise<void> {
    this.#isPartBegun = false;
    const parts = tableNames.flatMap((table) => {
      const rows = this.#rows[table];
      this.#rows[table] = [];
      return rows.length === 0 ? [] : [{ table, rows }];
    });
    if (parts.length > 0) {
      const part = this.#part++;
      const instruments = [...this.#instruments.values()];
      this.#writing = this.#writing.then(async () => {
        for (const { table, rows } of parts) await this.#write(table, part, rows, instruments);
      });
      this.#writing.catch(() => undefined); // whoever waits for a flush is told
    }
    return this.#writing;
  }

  #beginPart(): void {
    if (this.#isPartBegun) return;
    this.#isPartBegun = true;
    for (const row of this.#books.rows()) this.#rows.books.push(row);
  }

  #flushFull(table: TableName): void {
    if (this.#rows[table].length >= this.#maxRows) this.flush();
  }

  async #write(
    table: TableName,
    part: number,
    rows: readonly Row[],
    instruments: readonly Instrument[],
  ): Promise<void> {
    const path = join(this.#options.folder, table, `${String(part).padStart(6, "0")}.parquet`);
    const bytes = encodeTable(table, rows, [
      { key: "berth.format", value: recordingFormat },
      { key: "berth.version", value: this.#options.version },
      { key: "berth.instruments", value: JSON.stringify(instruments) },
    ]);
    try {
      await Deno.writeFile(`${path}.part`, bytes);
      await Deno.rename(`${path}.part`, path);
    } catch (error) {
      throw new BerthError("RECORDING_UNWRITABLE", { path, reason: String(error) }, { cause: error });
    }
    this.#written[table] += rows.length;
  }
}

/** A whole Parquet file of one table. */
export function encodeTable(
  table: TableName,
  rows: readonly Row[],
  kvMetadata: { readonly key: string; readonly value: string }[],
): Uint8Array {
  const writer = new ByteWriter();
  parquetWrite({
    writer,
    columnData: tableColumns[table].map(({ name, type, nullable }, place) => ({
      name,
      type,
      nullable,
      data: rows.map((row): Cell => row[place] ?? null),
    })),
    rowGroupSize: 100_000,
    kvMetadata,
    createdBy: "berth",
  });
  return new Uint8Array(writer.getBuffer());
}
