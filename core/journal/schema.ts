/**
 * What a journal holds: records that are only ever added, runs of the host, values that are kept up to date beside
 * them (working orders, plugin state), and the order counter. The tables are made by `migrations/`, each in one
 * transaction, and `schema_version` says which have run.
 */
import type { DatabaseSync } from "node:sqlite";
import { initialTables } from "./migrations/initial_tables.ts";
import type { Migration } from "./migrations/migration.ts";

/** One thing that happened. `Body` is what its kind needs; integers beyond 2^53 and `bigint` are written as text. */
export interface JournalRecord<Body = unknown> {
  /** Unique within a run: `intent/paradex_scalper/17`, `fill/paradex/8812`. */
  readonly id: string;
  /** The id of what caused it; it may be something too frequent to be written down, such as a quote. */
  readonly causeId?: string | undefined;
  /** `intent`, `order`, `fill`, … */
  readonly kind: string;
  /** Microseconds since the epoch. */
  readonly tsUs: number;
  readonly plugin?: string | undefined;
  readonly venue?: string | undefined;
  readonly instrument?: string | undefined;
  readonly clientOrderId?: string | undefined;
  readonly body: Body;
}

/** A record as it is read back: with its place in the journal, and `bigint` as decimal text in the body. */
export interface StoredRecord extends JournalRecord {
  /** 1, 2, 3, … in the order of writing, over all runs. */
  readonly sequence: number;
  readonly runId: string | undefined;
  /** The body can't be read any more; it is undefined. */
  readonly isUnreadable?: true;
}

/** One start of the host. */
export interface RunStart {
  readonly runId: string;
  readonly environment: string;
  readonly seed: number | undefined;
  readonly version: string;
  readonly tsStartMs: number;
}

export interface RunRecord extends RunStart {
  /** Undefined while it runs, and for ever when it crashed. */
  readonly tsStopMs: number | undefined;
  /** It ended by its own will and wrote everything down. */
  readonly isCleanStop: boolean;
}

/** The newest value under a key, for what a restart needs without reading all records. */
export interface KeptValue {
  /** `plugin_state`, `order`, `position`, … */
  readonly scope: string;
  readonly key: string;
  readonly tsUs: number;
  readonly body: unknown;
}

export const migrations: readonly Migration[] = [initialTables];

/** "brth": tells a journal from any other SQLite file. */
export const applicationId = 0x62727468;

/** Schema version of an open database; 0 for an empty one. */
export function schemaVersionOf(database: DatabaseSync): number {
  const tables = database.prepare("SELECT count(*) AS n FROM sqlite_master WHERE name = 'schema_version'")
    .get();
  if (tables?.n !== 1) return 0;
  return Number(
    database.prepare("SELECT coalesce(max(version), 0) AS version FROM schema_version").get()?.version,
  );
}

/** The newest version in a list of migrations. */
export const newestVersion = (list: readonly Migration[]): number => list.at(-1)?.version ?? 0;

export type MigrationResult =
  | { readonly kind: "current"; readonly before: number; readonly after: number }
  /** A newer berth wrote it; nothing was touched. */
  | { readonly kind: "newer"; readonly found: number; readonly known: number };

/**
 * Brings a database to the newest schema; each step wholly or not at all.
 */
export function migrate(
  database: DatabaseSync,
  tsMs: number,
  list: readonly Migration[] = migrations,
): MigrationResult {
  const before = schemaVersionOf(database);
  const known = newestVersion(list);
  if (before > known) return { kind: "newer", found: before, known };
  for (const migration of list.filter((step) => step.version > before)) {
    database.exec("BEGIN IMMEDIATE");
    try {
      for (const statement of migration.statements) database.exec(statement);
      database.prepare("INSERT INTO schema_version (version, ts_ms) VALUES (?, ?)").run(
        migration.version,
        tsMs,
      );
      database.exec("COMMIT");
    } catch (error) {
      database.exec("ROLLBACK");
      throw error;
    }
  }
  return { kind: "current", before, after: known };
}

/** JSON text of a body: `bigint` as decimal text, what has no JSON form left out, NaN and infinities as null. */
export function bodyText(body: unknown): string {
  return JSON.stringify(
    body,
    (_key, value: unknown) => typeof value === "bigint" ? value.toString() : value,
  ) ??
    "null";
}

export type ReadBody = { readonly kind: "body"; readonly body: unknown } | { readonly kind: "unreadable" };

/** A body as it was written; a bad disk changes texts without breaking the file. */
export function readBody(text: string): ReadBody {
  try {
    return { kind: "body", body: JSON.parse(text) };
  } catch {
    return { kind: "unreadable" };
  }
}
