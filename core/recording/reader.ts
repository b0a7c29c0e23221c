/**
 * Reads a recording back as market data: parts in their order, what a part holds in the order of the receive times. A
 * range that begins within a part begins with the books as they stood then.
 */
import { BerthError } from "../errors.ts";
import type { Instrument } from "../model/instrument.ts";
import type { IndexedBook } from "../protocol/codec.ts";
import { recordBytes } from "../protocol/records.ts";
import { BookKeyframes } from "./book_keyframes.ts";
import type { MarketBatch, MarketData } from "./market_data.ts";
import { findParts, type PartFile, readRows } from "./parts.ts";
import { bookOfRows, isSameUpdate, recordOfRow, type Row, type TableName } from "./tables.ts";

export interface RecordingRange {
  readonly fromMs?: number | undefined;
  /** Not included. */
  readonly toMs?: number | undefined;
}

/** Who is who in a recording. */
interface Cast {
  readonly instruments: readonly Instrument[];
  readonly indexes: ReadonlyMap<string, number>;
}

/** A row of quotes, trades or marks, or all rows of a change of a book. */
type Entry =
  & { readonly tsUs: number; readonly sequence: number }
  & (
    | { readonly table: Exclude<TableName, "books">; readonly row: Row }
    | { readonly table: "books"; readonly book: IndexedBook }
  );

/**
 * @param path folder of a recording, or one of its files
 * @throws {BerthError} RECORDING_UNREADABLE, BACKTEST_NO_DATA
 */
export async function openRecording(path: string, range: RecordingRange = {}): Promise<MarketData> {
  const parts = (await findParts(path)).map((files) => files.filter((file) => overlaps(file, range)));
  const all = parts.flat();
  if (all.length === 0) throw new BerthError("BACKTEST_NO_DATA", { what: path });
  const byId = new Map(all.flatMap(({ instruments }) => instruments).map((one) => [one.id, one]));
  const instruments = [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const cast = { instruments, indexes: new Map(instruments.map(({ id }, index) => [id, index])) };
  const fromUs = Math.max(Math.min(...all.map((file) => file.fromUs)), (range.fromMs ?? -Infinity) * 1000);
  const toUs = Math.min(Math.max(...all.map((file) => file.toUs)), (range.toMs ?? Infinity) * 1000);
  return {
    instruments,
    fromUs,
    toUs,
    description: `${all.reduce((sum, file) => sum + file.rows, 0)} rows of ${path}`,
    async *batches() {
      let playedUs = -Infinity;
      for (const files of parts) {
        // The books that a part begins with are there already when the part before it was played.
        const isNews = (entry: Entry): boolean => entry.table !== "books" || entry.tsUs >= playedUs;
        const entries = (await entriesOf(files, cast)).filter(isNews);
        yield* batchesOf(entries, cast, fromUs, toUs);
        playedUs = entries.at(-1)?.tsUs ?? playedUs;
      }
    },
  };
}

const overlaps = (file: PartFile, { fromMs = -Infinity, toMs = Infinity }: RecordingRange): boolean =>
  file.rows > 0 && file.toUs >= fromMs * 1000 && file.fromUs < toMs * 1000;

/** All of one part, oldest first; of the same moment in the order of their sequence. */
async function entriesOf(files: readonly PartFile[], cast: Cast): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (const { table, rows } of await Promise.all(files.map(rowsOf))) {
    if (table === "books") entries.push(...booksOf(rows, cast));
    else {
      for (const row of rows) {
        entries.push({ table, row, tsUs: Number(row[0]), sequence: Number(row[3]) });
      }
    }
  }
  return entries.sort((a, b) => a.tsUs - b.tsUs || a.sequence - b.sequence);
}

const rowsOf = async (file: PartFile) => ({ table: file.table, rows: await readRows(file) });

function* booksOf(rows: readonly Row[], { instruments, indexes }: Cast): Generator<Entry> {
  for (let from = 0; from < rows.length;) {
    const first = rows[from] ?? [];
    let to = from + 1;
    for (let next = rows[to]; next !== undefined && isSameUpdate(first, next); next = rows[++to]);
    const index = indexes.get(String(first[2])) ?? 0;
    const instrument = instruments[index];
    if (instrument !== undefined) {
      const book = bookOfRows(rows.slice(from, to), index, instrument);
      yield { table: "books", book, tsUs: book.tsRecvUs, sequence: book.sequence };
    }
    from = to;
  }
}

/** What lies in the range: records between two books in one batch. */
function* batchesOf(
  entries: readonly Entry[],
  cast: Cast,
  fromUs: number,
  toUs: number,
): Generator<MarketBatch> {
  yield* booksBefore(entries, cast, fromUs);
  let records: Extract<Entry, { readonly row: Row }>[] = [];
  for (const entry of entries) {
    if (entry.tsUs < fromUs || entry.tsUs > toUs) continue;
    if (entry.table !== "books") {
      records.push(entry);
      continue;
    }
    if (records.length > 0) yield recordsOf(records, cast);
    records = [];
    yield { kind: "book", book: entry.book };
  }
  if (records.length > 0) yield recordsOf(records, cast);
}

/** The books that stand when the range begins within these entries. */
function* booksBefore(entries: readonly Entry[], cast: Cast, fromUs: number): Generator<MarketBatch> {
  const books = new BookKeyframes();
  for (const entry of entries) {
    if (entry.tsUs >= fromUs) break;
    const instrument = entry.table === "books" ? cast.instruments[entry.book.index] : undefined;
    if (entry.table !== "books" || instrument === undefined) continue;
    const { index: _index, ...update } = entry.book;
    books.apply({ ...update, instrument: instrument.id }, instrument);
  }
  for (const { instrument, ...snapshot } of books.snapshots()) {
    const index = cast.indexes.get(instrument) ?? 0;
    yield { kind: "book", book: { ...snapshot, index, tsRecvUs: fromUs } };
  }
}

function recordsOf(
  entries: readonly Extract<Entry, { readonly row: Row }>[],
  { indexes }: Cast,
): MarketBatch {
  const bytes = new Uint8Array(entries.length * recordBytes);
  const view = new DataView(bytes.buffer);
  entries.forEach(({ table, row }, place) => {
    recordOfRow(table, row, indexes.get(String(row[2])) ?? 0, view, place * recordBytes);
  });
  return { kind: "records", bytes };
}
