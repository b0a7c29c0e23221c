/** The Parquet files of a recording: which there are, what stretch of time each holds, and their rows. */
import { asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetRead } from "hyparquet";
import { join } from "node:path";
import * as v from "valibot";
import { BerthError } from "../errors.ts";
import type { Instrument } from "../model/instrument.ts";
import { instrumentSchema } from "./instrument_schema.ts";
import { type Cell, recordingFormat, type Row, tableColumns, type TableName, tableNames } from "./tables.ts";

export interface PartFile {
  readonly table: TableName;
  readonly path: string;
  /** Receive times of the first and the last row; infinite where the file does not say. */
  readonly fromUs: number;
  readonly toUs: number;
  readonly rows: number;
  /** What was known of the instruments when it was written. */
  readonly instruments: readonly Instrument[];
}

const instrumentsSchema = v.pipe(v.string(), v.parseJson(), v.array(instrumentSchema));

/** Parts of a recording's folder, or the one file that is named; those of one time together, in the order of time. */
export async function findParts(path: string): Promise<readonly (readonly PartFile[])[]> {
  if (await isFile(path)) return [[await inspectPart(path)]];
  const parts = new Map<string, PartFile[]>();
  for (const table of tableNames) {
    for (const name of await namesOf(join(path, table))) {
      const part = await inspectPart(join(path, table, name));
      parts.set(name, [...(parts.get(name) ?? []), part]);
    }
  }
  return [...parts.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, files]) => files);
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function namesOf(folder: string): Promise<readonly string[]> {
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

/** @throws {BerthError} RECORDING_UNREADABLE */
async function inspectPart(path: string): Promise<PartFile> {
  try {
    const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path));
    const values = new Map((metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? ""]));
    if (values.get("berth.format") !== recordingFormat) {
      throw new Error(`format ${values.get("berth.format") ?? "unknown"}, expected ${recordingFormat}`);
    }
    const bounds = metadata.row_groups.map((group) => group.columns[0]?.meta_data?.statistics);
    return {
      table: tableOf(metadata),
      path,
      fromUs: Math.min(...bounds.map((one) => Number(one?.min_value ?? -Infinity))),
      toUs: Math.max(...bounds.map((one) => Number(one?.max_value ?? Infinity))),
      rows: Number(metadata.num_rows),
      instruments: v.parse(instrumentsSchema, values.get("berth.instruments")),
    };
  } catch (error) {
    throw new BerthError("RECORDING_UNREADABLE", { path, reason: String(error) }, { cause: error });
  }
}

function tableOf({ schema }: FileMetaData): TableName {
  const names = new Set(schema.map(({ name }) => name));
  const table = tableNames.find((one) => tableColumns[one].every(({ name }) => names.has(name)));
  if (table === undefined) throw new Error("its columns are those of no table");
  return table;
}

/** Rows in the order of the file, columns in the order of their table. @throws {BerthError} RECORDING_UNREADABLE */
export async function readRows({ path, table }: PartFile): Promise<readonly Row[]> {
  let rows: readonly Row[] = [];
  try {
    await parquetRead({
      file: await asyncBufferFromFile(path),
      columns: tableColumns[table].map(({ name }) => name),
      onComplete: (found: readonly (readonly unknown[])[]) => {
        rows = found.map((row) => row.map(cellOf));
      },
    });
  } catch (error) {
    throw new BerthError("RECORDING_UNREADABLE", { path, reason: String(error) }, { cause: error });
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
