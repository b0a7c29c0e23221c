/** Reads a recording back as market data: parts in their order, records of a part in the order of their receive times. */
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from "hyparquet";
import { join } from "node:path";
import * as v from "valibot";
import type { MarketData } from "./market_data.ts";
import { BerthError } from "../errors.ts";
import { parseInstrumentId, venueId } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import { increment } from "../model/ticks.ts";
import { type Cell, recordBytes, recordingFormat, recordOfRow, type Row, tableColumns } from "./tables.ts";

const playedTables = ["quotes", "trades", "marks"] as const;
type PlayedTable = (typeof playedTables)[number];

export interface RecordingRange {
  readonly fromMs?: number | undefined;
  /** Not included. */
  readonly toMs?: number | undefined;
}

interface PartFile {
  readonly table: PlayedTable;
  readonly path: string;
  readonly fromUs: number;
  readonly toUs: number;
  readonly rows: number;
}

const incrementSchema = v.pipe(v.object({ text: v.string() }), v.transform(({ text }) => increment(text)));
const instrumentSchema = v.object({
  id: v.pipe(v.string(), v.transform(parseInstrumentId)),
  venue: v.pipe(v.string(), v.transform(venueId)),
  symbol: v.string(),
  venueSymbol: v.string(),
  kind: v.picklist(["perpetual", "future", "spot"]),
  settlement: v.picklist(["linear", "inverse"]),
  baseAsset: v.string(),
  quoteAsset: v.string(),
  settlementAsset: v.string(),
  tick: incrementSchema,
  lot: incrementSchema,
  contractMultiplier: v.string(),
  minSizeLots: v.number(),
  maxSizeLots: v.number(),
  minNotional: v.number(),
  makerFeeBps: v.number(),
  takerFeeBps: v.number(),
  maxLeverage: v.number(),
  maxPriceFigures: v.exactOptional(v.number()),
  fundingIntervalHours: v.exactOptional(v.number()),
  status: v.picklist(["trading", "post_only", "cancel_only", "halted"]),
});
const instrumentsSchema = v.pipe(v.string(), v.parseJson(), v.array(instrumentSchema));

/** @throws {BerthError} RECORDING_UNREADABLE, BACKTEST_NO_DATA */
export async function openRecording(folder: string, range: RecordingRange = {}): Promise<MarketData> {
  const instruments = new Map<string, Instrument>();
  const parts = new Map<string, PartFile[]>();
  for (const table of playedTables) {
    for (const name of await partsOf(join(folder, table))) {
      const path = join(folder, table, name);
      const file = await inspect(table, path, instruments);
      if (!overlaps(file, range)) continue;
      parts.set(name, [...(parts.get(name) ?? []), file]);
    }
  }
  const ordered = [...parts.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, files]) => files);
  const all = ordered.flat();
  if (all.length === 0) throw new BerthError("BACKTEST_NO_DATA", { what: folder });
  const list = [...instruments.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const indexes = new Map<string, number>(list.map(({ id }, index) => [id, index]));
  const fromUs = Math.max(Math.min(...all.map((file) => file.fromUs)), (range.fromMs ?? -Infinity) * 1000);
  const toUs = Math.min(Math.max(...all.map((file) => file.toUs)), (range.toMs ?? Infinity) * 1000);
  return {
    instruments: list,
    fromUs,
    toUs,
    description: `${all.reduce((sum, file) => sum + file.rows, 0)} records of ${folder}`,
    async *batches() {
      for (const files of ordered) yield await readPart(files, indexes, fromUs, toUs);
    },
  };
}

async function partsOf(folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (/^\d{6}\.parquet$/.test(entry.name)) names.push(entry.name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}

const overlaps = (file: PartFile, { fromMs = -Infinity, toMs = Infinity }: RecordingRange): boolean =>
  file.rows > 0 && file.toUs >= fromMs * 1000 && file.fromUs < toMs * 1000;

async function inspect(
  table: PlayedTable,
  path: string,
  instruments: Map<string, Instrument>,
): Promise<PartFile> {
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const values = new Map((metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? ""]));
    if (values.get("berth.format") !== recordingFormat) {
      throw new Error(`format ${values.get("berth.format") ?? "unknown"}, expected ${recordingFormat}`);
    }
    for (const instrument of v.parse(instrumentsSchema, values.get("berth.instruments"))) {
      instruments.set(instrument.id, instrument);
    }
    const bounds = metadata.row_groups.map((group) => group.columns[0]?.meta_data?.statistics);
    return {
      table,
      path,
      fromUs: Math.min(...bounds.map((one) => Number(one?.min_value ?? -Infinity))),
      toUs: Math.max(...bounds.map((one) => Number(one?.max_value ?? Infinity))),
      rows: Number(metadata.num_rows),
    };
  } catch (error) {
    throw new BerthError("RECORDING_UNREADABLE", { path, reason: String(error) }, { cause: error });
  }
}

async function readRows(file: PartFile): Promise<readonly Row[]> {
  const names = tableColumns[file.table].map(({ name }) => name);
  let rows: readonly Row[] = [];
  try {
    await parquetRead({
      file: await asyncBufferFromFile(file.path),
      columns: names,
      onComplete: (found: readonly (readonly unknown[])[]) => {
        rows = found.map((row) => row.map(cellOf));
      },
    });
  } catch (error) {
    throw new BerthError("RECORDING_UNREADABLE", { path: file.path, reason: String(error) }, {
      cause: error,
    });
  }
  return rows;
}

function cellOf(value: unknown): Cell {
  switch (typeof value) {
    case "bigint":
    case "number":
    case "string":
    case "boolean":
      return value;
    default:
      return null;
  }
}

/** All records of one part in one batch, oldest first; of the same moment in the order of their sequence. */
async function readPart(
  files: readonly PartFile[],
  indexes: ReadonlyMap<string, number>,
  fromUs: number,
  toUs: number,
): Promise<Uint8Array> {
  const entries: { readonly table: PlayedTable; readonly row: Row; readonly tsUs: number }[] = [];
  for (const file of files) {
    for (const row of await readRows(file)) {
      const tsUs = Number(row[0]);
      if (tsUs >= fromUs && tsUs <= toUs) entries.push({ table: file.table, row, tsUs });
    }
  }
  entries.sort((a, b) => a.tsUs - b.tsUs || Number(a.row[3]) - Number(b.row[3]));
  const bytes = new Uint8Array(entries.length * recordBytes);
  const view = new DataView(bytes.buffer);
  entries.forEach(({ table, row }, place) => {
    recordOfRow(table, row, indexes.get(String(row[2])) ?? 0, view, place * recordBytes);
  });
  return bytes;
}
