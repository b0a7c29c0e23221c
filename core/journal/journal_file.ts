/**
 * Opens the journal's file for writing. A file that can't be read is never a reason not to start: it is set aside
 * under a name that says so, what can still be read of kept values and counters is carried over, and a new journal is
 * begun. A tail that was torn by a crash is SQLite's own affair: its write-ahead log carries checksums, and what is not
 * whole there does not exist.
 */
import { DatabaseSync } from "node:sqlite";
import { dirname, join } from "node:path";
import type { Durability, JournalNotice } from "./operations.ts";
import type { Migration } from "./migrations/migration.ts";
import { applicationId, migrate, migrations, newestVersion, schemaVersionOf } from "./schema.ts";
import { setAside } from "./set_aside.ts";

/** Up to this size the whole file is checked at every start; beyond it, its tail, or the start would take seconds. */
const wholeCheckLimitBytes = 32 * 1024 * 1024;
const tailRecords = 256;
/** So many of the newest records of a damaged file are looked through for fills. */
const salvagedRecords = 20_000;

export type OpenFileResult =
  | { readonly kind: "open"; readonly database: DatabaseSync; readonly notices: readonly JournalNotice[] }
  /** A newer berth wrote it; nothing was touched. */
  | { readonly kind: "newer_schema"; readonly found: number; readonly known: number }
  /** The folder can't be written, or the file is another program's. */
  | { readonly kind: "failed"; readonly reason: string };

export interface OpenFileOptions {
  readonly path: string;
  readonly durability: Durability;
  readonly tsNowMs: number;
  /** Steps of the schema. @default those of this berth */
  readonly migrations?: readonly Migration[];
}

/** Beside a journal that turned out to be damaged while it was written: the next start sets it aside. */
const damageMark = (path: string): string => `${path}.damaged`;

/** Called when writing failed; a journal that is damaged where no check looks would fail at every start. */
export function markIfDamaged(path: string, error: unknown): void {
  if (isCorruption(error)) Deno.writeTextFileSync(damageMark(path), reasonOf(error));
}

/** Why the journal was marked, and the mark taken away; undefined when it was not. */
function takeDamageMark(path: string): string | undefined {
  try {
    const reason = Deno.readTextFileSync(damageMark(path));
    Deno.removeSync(damageMark(path));
    return reason;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Opens or makes the journal at a path; what can't be read is set aside. */
export function openJournalFile(options: OpenFileOptions): OpenFileResult {
  try {
    Deno.mkdirSync(dirname(options.path), { recursive: true });
    const damage = takeDamageMark(options.path);
    return damage === undefined ? openSound(options) : beginAnew(options, damage);
  } catch (error) {
    return isCorruption(error)
      ? beginAnew(options, reasonOf(error))
      : { kind: "failed", reason: reasonOf(error) };
  }
}

const reasonOf = (error: unknown): string => error instanceof Error ? error.message : String(error);

/** Texts for SQLITE_CORRUPT, SQLITE_NOTADB, a failed check, and a number nobody wrote; there is no other sign of them. */
function isCorruption(error: unknown): boolean {
  return error instanceof CheckFailed ||
    (error instanceof Error &&
      /malformed|not a database|disk image|unsupported file format|too large to be represented/.test(
        error.message,
      ));
}

class CheckFailed extends Error {
  override readonly name = "CheckFailed";
}

function openSound(options: OpenFileOptions): OpenFileResult {
  const database = new DatabaseSync(options.path);
  try {
    const result = prepare(database, options);
    if (result.kind !== "open") database.close();
    return result;
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepare(database: DatabaseSync, options: OpenFileOptions): OpenFileResult {
  if (isForeign(database)) return { kind: "failed", reason: "it is another program's database" };
  checkWhole(database, options.path);
  const { migrations: steps = migrations } = options;
  const keptAs = keepBeforeMigration(database, options.path, newestVersion(steps));
  const migration = migrate(database, options.tsNowMs, steps);
  if (migration.kind === "newer") return { ...migration, kind: "newer_schema" };
  const { before, after } = migration;
  if (before === 0) database.exec(`PRAGMA application_id = ${applicationId}`);
  database.exec("PRAGMA journal_mode = WAL");
  database.exec(`PRAGMA synchronous = ${options.durability === "power_loss" ? "FULL" : "NORMAL"}`);
  // Checkpoints write the whole log back and wait for the disk: the thread makes them when nobody waits.
  database.exec("PRAGMA wal_autocheckpoint = 0");
  database.exec("PRAGMA busy_timeout = 5000");
  checkWhatIsRead(database);
  const notices = keptAs === undefined ? [] : [{ kind: "migrated", before, after, keptAs } as const];
  return { kind: "open", database, notices };
}

/**
 * A copy of a journal that is about to get a newer schema: an older berth can't read it any more, and has this to go back
 * to. Undefined when nothing changes.
 */
function keepBeforeMigration(database: DatabaseSync, path: string, newest: number): string | undefined {
  const found = schemaVersionOf(database);
  if (found === 0 || found >= newest) return undefined;
  const keptAs = join(dirname(path), `journal-schema-${found}.db`);
  try {
    Deno.removeSync(keptAs); // of a start that got no further
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  database.prepare("VACUUM INTO ?").run(keptAs);
  return keptAs;
}

function isForeign(database: DatabaseSync): boolean {
  const found = database.prepare("PRAGMA application_id").get()?.application_id;
  return tableCount(database) !== 0 && found !== applicationId;
}

const tableCount = (database: DatabaseSync): number =>
  Number(database.prepare("SELECT count(*) AS n FROM sqlite_master").get()?.n);

const isSmall = (path: string): boolean => Deno.statSync(path).size <= wholeCheckLimitBytes;

/** Throws where pages contradict each other, or tables stand without the version that made them. */
function checkWhole(database: DatabaseSync, path: string): void {
  if (tableCount(database) > 0 && schemaVersionOf(database) === 0) {
    throw new CheckFailed("its tables have no schema version");
  }
  if (!isSmall(path)) return;
  const answer = database.prepare("PRAGMA quick_check(1)").get()?.quick_check;
  if (answer !== "ok") throw new CheckFailed(`its pages contradict each other: ${String(answer)}`);
}

/** What a restart reads: pages may be whole and still not what an index says. */
function checkWhatIsRead(database: DatabaseSync): void {
  database.prepare("SELECT * FROM records ORDER BY sequence DESC LIMIT ?").all(tailRecords);
  database.prepare("SELECT ts_us FROM records ORDER BY ts_us DESC LIMIT ?").all(tailRecords);
  database.prepare("SELECT * FROM runs ORDER BY run_number DESC LIMIT ?").all(tailRecords);
  database.prepare("SELECT * FROM kept").all();
  database.prepare("SELECT * FROM counters").all();
}

/** Moves the damaged file and its logs aside and starts an empty one with what could be saved. */
function beginAnew(options: OpenFileOptions, reason: string): OpenFileResult {
  const { path } = options;
  const moved = setAside(path, "corrupt", options.tsNowMs);
  if (moved.kind === "failed") return moved;
  const setAsideAs = moved.to;
  const opened = openSound(options);
  if (opened.kind !== "open") return opened;
  const carriedOver = carryOver(opened.database, setAsideAs);
  return {
    ...opened,
    notices: [{ kind: "corrupt_file_set_aside", file: path, setAsideAs, reason, carriedOver }],
  };
}

/**
 * Copies out of a damaged file, as far as SQLite can read it, what a restart needs: counters, kept values, and the newest
 * fills and funding payments, so that none is booked again on positions that have it already. Returns how many.
 */
function carryOver(database: DatabaseSync, damagedPath: string): number {
  let damaged: DatabaseSync;
  try {
    // A connection of its own: in the new file's, its broken schema would be looked into by every query.
    damaged = new DatabaseSync(damagedPath);
  } catch {
    return 0; // not even its first page can be read; the notice says that nothing was carried over
  }
  database.exec("BEGIN");
  // Counters first: an order id that is used twice is worse than a value that is forgotten.
  const copied = copyTable(damaged, database, "counters", ["name", "value"]) +
    copyTable(damaged, database, "kept", ["scope", "key", "ts_us", "body"]) +
    copyFills(damaged, database);
  database.exec("COMMIT");
  attempt(() => {
    damaged.close();
    return 0;
  });
  return copied;
}

/** 0 for what can't be read: the notice says how many were carried over. */
function attempt(copy: () => number): number {
  try {
    return copy();
  } catch {
    return 0;
  }
}

const insertInto = (table: string, columns: readonly string[]): string =>
  `INSERT OR IGNORE INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`;

function copyTable(from: DatabaseSync, to: DatabaseSync, table: string, columns: readonly string[]): number {
  return attempt(() => {
    const insert = to.prepare(insertInto(table, columns));
    const rows = from.prepare(`SELECT ${columns.join(", ")} FROM ${table}`).all();
    return rows.reduce(
      (sum, row) =>
        sum + attempt(() => Number(insert.run(...columns.map((name) => row[name] ?? null)).changes)),
      0,
    );
  });
}

const recordColumns = [
  "sequence",
  "id",
  "cause_id",
  "kind",
  "ts_us",
  "plugin",
  "venue",
  "instrument",
  "client_order_id",
  "body",
];

/** One by one, newest first: a page that can't be read costs its own records alone. */
function copyFills(from: DatabaseSync, to: DatabaseSync): number {
  return attempt(() => {
    const newest = Number(from.prepare("SELECT max(sequence) AS newest FROM records").get()?.newest ?? 0);
    const select = from.prepare(
      `SELECT ${recordColumns.join(", ")} FROM records
        WHERE sequence = ? AND kind IN ('fill', 'foreign_fill', 'funding')`,
    );
    const insert = to.prepare(insertInto("records", recordColumns));
    let copied = 0;
    for (let sequence = newest; sequence > Math.max(0, newest - salvagedRecords); sequence--) {
      copied += attempt(() => {
        const row = select.get(sequence);
        if (row === undefined) return 0;
        return Number(insert.run(...recordColumns.map((name) => row[name] ?? null)).changes);
      });
    }
    return copied;
  });
}
