/**
 * Questions to a journal, while it is written or afterwards. Read only; each call answers at once from the file, so it
 * belongs into the console's thread or a command, never into the engine's.
 */
import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from "node:sqlite";
import { BerthError } from "../errors.ts";
import { migrations, newestVersion, readBody, schemaVersionOf } from "./schema.ts";
import type { KeptValue, RunRecord, StoredRecord } from "./schema.ts";

export type { KeptValue, RunRecord, StoredRecord } from "./schema.ts";

/** All given conditions hold at once. */
export interface RecordFilter {
  readonly kinds?: readonly string[];
  readonly runId?: string;
  readonly plugin?: string;
  readonly venue?: string;
  readonly instrument?: string;
  readonly clientOrderId?: string;
  readonly causeId?: string;
  /** Microseconds since the epoch, included. */
  readonly fromUs?: number;
  /** Microseconds since the epoch, not included. */
  readonly toUs?: number;
  /** Only what was written after this place in the journal: for following it. */
  readonly afterSequence?: number;
}

export interface QueryOptions {
  /** @default 1000 */
  readonly limit?: number;
  /** Which end to begin at. @default "oldest_first" */
  readonly order?: "oldest_first" | "newest_first";
}

/** How often each kind was written, and when first and last. */
export interface KindCount {
  readonly kind: string;
  readonly count: number;
  readonly firstUs: number;
  readonly lastUs: number;
}

export interface JournalReader extends Disposable {
  /** Records that fit a filter. */
  records(filter?: RecordFilter, options?: QueryOptions): readonly StoredRecord[];
  /** The newest records, oldest first. */
  last(count: number, filter?: RecordFilter): readonly StoredRecord[];
  /** The newest record with this id. */
  byId(id: string): StoredRecord | undefined;
  /** A record and what it came from, newest first; ends at what was not written down, and at 64 records. */
  causesFrom(record: StoredRecord): readonly StoredRecord[];
  /**
   * Records that came of this one, directly or over others, oldest first; at most `limit` (1000). Where a later run
   * used the id again, what came of that is left out.
   */
  effectsFrom(record: StoredRecord, limit?: number): readonly StoredRecord[];
  counts(filter?: RecordFilter): readonly KindCount[];
  /** Newest first. */
  runs(limit?: number): readonly RunRecord[];
  /** Values that are kept up to date beside the records. */
  kept(scope?: string): readonly KeptValue[];
  close(): void;
}

/**
 * @throws {BerthError} JOURNAL_MISSING, JOURNAL_SCHEMA_NEWER, JOURNAL_UNREADABLE
 */
export function openJournalReader(path: string): JournalReader {
  const database = openReadOnly(path);
  const found = readableVersion(database, path);
  const known = newestVersion(migrations);
  if (found > known) {
    database.close();
    throw new BerthError("JOURNAL_SCHEMA_NEWER", { file: path, found, known });
  }
  return new SqliteJournalReader(database, path);
}

function openReadOnly(path: string): DatabaseSync {
  try {
    Deno.statSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new BerthError("JOURNAL_MISSING", { file: path }, { cause });
    }
    throw unreadable(path, cause);
  }
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    database.exec("PRAGMA busy_timeout = 2000");
    return database;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function readableVersion(database: DatabaseSync, path: string): number {
  try {
    return schemaVersionOf(database);
  } catch (cause) {
    database.close();
    throw unreadable(path, cause);
  }
}

function unreadable(file: string, cause: unknown): BerthError<"JOURNAL_UNREADABLE"> {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BerthError("JOURNAL_UNREADABLE", { file, reason }, { cause });
}

type Row = Readonly<Record<string, SQLOutputValue>>;

const optionalText = (value: SQLOutputValue | undefined): string | undefined =>
  typeof value === "string" ? value : undefined;
const optionalNumber = (value: SQLOutputValue | undefined): number | undefined =>
  typeof value === "number" ? value : undefined;

function recordOf(row: Row): StoredRecord {
  const read = readBody(String(row.body));
  return {
    sequence: Number(row.sequence),
    runId: optionalText(row.run_id),
    id: String(row.id),
    causeId: optionalText(row.cause_id),
    kind: String(row.kind),
    tsUs: Number(row.ts_us),
    plugin: optionalText(row.plugin),
    venue: optionalText(row.venue),
    instrument: optionalText(row.instrument),
    clientOrderId: optionalText(row.client_order_id),
    ...(read.kind === "body" ? { body: read.body } : { body: undefined, isUnreadable: true }),
  };
}

function runOf(row: Row): RunRecord {
  return {
    runId: String(row.run_id),
    environment: String(row.environment),
    seed: optionalNumber(row.seed),
    version: String(row.version),
    tsStartMs: Number(row.ts_start_ms),
    tsStopMs: optionalNumber(row.ts_stop_ms),
    isCleanStop: row.is_clean_stop === 1,
  };
}

const selectRecords = `SELECT records.*, runs.run_id FROM records LEFT JOIN runs USING (run_number)`;

interface Condition {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

function conditionOf(filter: RecordFilter): Condition {
  const parts: Condition[] = [];
  const add = (sql: string, ...values: readonly SQLInputValue[]) => parts.push({ sql, values });
  if (filter.kinds !== undefined) {
    add(`kind IN (${filter.kinds.map(() => "?").join(", ")})`, ...filter.kinds);
  }
  if (filter.runId !== undefined) {
    add("records.run_number = (SELECT run_number FROM runs WHERE run_id = ?)", filter.runId);
  }
  if (filter.plugin !== undefined) add("plugin = ?", filter.plugin);
  if (filter.venue !== undefined) add("venue = ?", filter.venue);
  if (filter.instrument !== undefined) add("instrument = ?", filter.instrument);
  if (filter.clientOrderId !== undefined) add("client_order_id = ?", filter.clientOrderId);
  if (filter.causeId !== undefined) add("cause_id = ?", filter.causeId);
  if (filter.fromUs !== undefined) add("ts_us >= ?", filter.fromUs);
  if (filter.toUs !== undefined) add("ts_us < ?", filter.toUs);
  if (filter.afterSequence !== undefined) add("sequence > ?", filter.afterSequence);
  const sql = parts.length === 0 ? "" : ` WHERE ${parts.map((part) => part.sql).join(" AND ")}`;
  return { sql, values: parts.flatMap((part) => part.values) };
}

class SqliteJournalReader implements JournalReader {
  readonly #database: DatabaseSync;
  readonly #path: string;

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
  }

  records(filter: RecordFilter = {}, options: QueryOptions = {}): readonly StoredRecord[] {
    const { sql, values } = conditionOf(filter);
    const direction = options.order === "newest_first" ? "DESC" : "ASC";
    const query = `${selectRecords}${sql} ORDER BY sequence ${direction} LIMIT ?`;
    return this.#all(query, [...values, options.limit ?? 1000]).map(recordOf);
  }

  last(count: number, filter: RecordFilter = {}): readonly StoredRecord[] {
    return this.records(filter, { limit: count, order: "newest_first" }).toReversed();
  }

  byId(id: string): StoredRecord | undefined {
    return this.#all(`${selectRecords} WHERE id = ? ORDER BY sequence DESC LIMIT 1`, [id]).map(recordOf)[0];
  }

  causesFrom(record: StoredRecord): readonly StoredRecord[] {
    const chain: StoredRecord[] = [];
    let next: StoredRecord | undefined = record;
    while (next !== undefined && chain.length < 64) {
      chain.push(next);
      next = this.#causeOf(next);
    }
    return chain;
  }

  effectsFrom(record: StoredRecord, limit = 1000): readonly StoredRecord[] {
    const query = `WITH RECURSIVE effects (sequence) AS (
        SELECT ?
        UNION
        SELECT later.sequence FROM effects
          JOIN records AS earlier ON earlier.sequence = effects.sequence
          JOIN records AS later ON later.cause_id = earlier.id AND later.sequence > earlier.sequence
          WHERE NOT EXISTS (
            SELECT 1 FROM records AS namesake
            WHERE namesake.id = earlier.id AND namesake.run_number <> earlier.run_number
              AND namesake.sequence > earlier.sequence AND namesake.sequence < later.sequence
          )
      )
      ${selectRecords} WHERE sequence IN (SELECT sequence FROM effects LIMIT ?) AND sequence <> ? ORDER BY sequence`;
    return this.#all(query, [record.sequence, limit + 1, record.sequence]).map(recordOf);
  }

  counts(filter: RecordFilter = {}): readonly KindCount[] {
    const { sql, values } = conditionOf(filter);
    const query = `SELECT kind, count(*) AS n, min(ts_us) AS first_us, max(ts_us) AS last_us
      FROM records${sql} GROUP BY kind ORDER BY kind`;
    return this.#all(query, values).map((row) => ({
      kind: String(row.kind),
      count: Number(row.n),
      firstUs: Number(row.first_us),
      lastUs: Number(row.last_us),
    }));
  }

  runs(limit = 100): readonly RunRecord[] {
    return this.#all("SELECT * FROM runs ORDER BY run_number DESC LIMIT ?", [limit]).map(runOf);
  }

  kept(scope?: string): readonly KeptValue[] {
    const rows = scope === undefined
      ? this.#all("SELECT * FROM kept ORDER BY scope, key", [])
      : this.#all("SELECT * FROM kept WHERE scope = ? ORDER BY key", [scope]);
    return rows.flatMap((row) => {
      const read = readBody(String(row.body));
      if (read.kind === "unreadable") return [];
      return [{ scope: String(row.scope), key: String(row.key), tsUs: Number(row.ts_us), body: read.body }];
    });
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The newest record with the cause's id that is no newer than the effect. */
  #causeOf(effect: StoredRecord): StoredRecord | undefined {
    if (effect.causeId === undefined) return undefined;
    const query = `${selectRecords} WHERE id = ? AND sequence < ? ORDER BY sequence DESC LIMIT 1`;
    return this.#all(query, [effect.causeId, effect.sequence]).map(recordOf)[0];
  }

  #all(query: string, values: readonly SQLInputValue[]): readonly Row[] {
    try {
      return this.#database.prepare(query).all(...values);
    } catch (cause) {
      throw unreadable(this.#path, cause);
    }
  }
}
