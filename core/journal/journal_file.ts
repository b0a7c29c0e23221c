/**
 * Opens the journal's file for writing. A file that can't be read is never a reason not to start: it is set aside
 * under a name that says so, what can still be read of kept values and counters is carried over, and a new journal is
 * begun. A tail that was torn by a crash is SQLite's own affair: its write-ahead log carries checksums, and what is not
 * whole there does not exist.
 */
import { DatabaseSync } from "node:sqlite";
import { dirname } from "node:path";
import type { Durability, JournalNotice } from "./operations.ts";
import { applicationId, migrate } from "./schema.ts";

/** Up to this size the whole file is checked at every start; beyond it, its tail, or the start would take seconds. */
const wholeCheckLimitBytes = 32 * 1024 * 1024;
const tailRecords = 256;

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
}

/** Opens or makes the journal at a path; what can't be read is set aside. */
export function openJournalFile(options: OpenFileOptions): OpenFileResult {
  try {
    Deno.mkdirSync(dirname(options.path), { recursive: true });
    return openSound(options);
  } catch (error) {
    return isCorruption(error)
      ? beginAnew(options, reasonOf(error))
      : { kind: "failed", reason: reasonOf(error) };
  }
}

const reasonOf = (error: unknown): string => error instanceof Error ? error.message : String(error);

/** SQLite's texts for SQLITE_CORRUPT, SQLITE_NOTADB and a failed check; `node:sqlite` gives no other sign of them. */
function isCorruption(error: unknown): boolean {
  return error instanceof CheckFailed ||
    (error instanceof Error &&
      /malformed|not a database|disk image|unsupported file format/.test(error.message));
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
  const migration = migrate(database, options.tsNowMs);
  if (migration.kind === "newer") return { ...migration, kind: "newer_schema" };
  const { before, after } = migration;
  if (before === 0) database.exec(`PRAGMA application_id = ${applicationId}`);
  database.exec("PRAGMA journal_mode = WAL");
  database.exec(`PRAGMA synchronous = ${options.durability === "power_loss" ? "FULL" : "NORMAL"}`);
  // Checkpoints write the whole log back and wait for the disk: the thread makes them when nobody waits.
  database.exec("PRAGMA wal_autocheckpoint = 0");
  database.exec("PRAGMA busy_timeout = 5000");
  checkIntegrity(database, Deno.statSync(options.path).size);
  const isUpdate = before !== 0 && before !== after;
  return { kind: "open", database, notices: isUpdate ? [{ kind: "migrated", before, after }] : [] };
}

function isForeign(database: DatabaseSync): boolean {
  const found = database.prepare("PRAGMA application_id").get()?.application_id;
  const tables = database.prepare("SELECT count(*) AS n FROM sqlite_master").get()?.n;
  return tables !== 0 && found !== applicationId;
}

/** Throws where pages contradict each other. */
function checkIntegrity(database: DatabaseSync, sizeBytes: number): void {
  if (sizeBytes <= wholeCheckLimitBytes) {
    const answer = database.prepare("PRAGMA quick_check(1)").get()?.quick_check;
    if (answer !== "ok") throw new CheckFailed(`its pages contradict each other: ${String(answer)}`);
    return;
  }
  database.prepare("SELECT * FROM records ORDER BY sequence DESC LIMIT ?").all(tailRecords);
  database.prepare("SELECT ts_us FROM records ORDER BY ts_us DESC LIMIT ?").all(tailRecords);
  database.prepare("SELECT * FROM runs ORDER BY run_number DESC LIMIT ?").all(tailRecords);
  database.prepare("SELECT * FROM kept").all();
}

/** Moves the damaged file and its logs aside and starts an empty one with what could be saved. */
function beginAnew(options: OpenFileOptions, reason: string): OpenFileResult {
  const { path } = options;
  const stamp = new Date(options.tsNowMs).toISOString().replaceAll(/[:.]/g, "-");
  const setAsideAs = freeName(`${dirname(path)}/journal-corrupt-${stamp}`);
  const problem = renameAll(path, setAsideAs);
  if (problem !== undefined) return { kind: "failed", reason: problem };
  const opened = openSound(options);
  if (opened.kind !== "open") return opened;
  const carriedOver = carryOver(opened.database, setAsideAs);
  return {
    ...opened,
    notices: [{ kind: "corrupt_file_set_aside", file: path, setAsideAs, reason, carriedOver }],
  };
}

/** Renames a database with its logs; says what stood in the way. */
function renameAll(from: string, to: string): string | undefined {
  for (const suffix of ["", "-wal", "-shm"]) {
    try {
      Deno.renameSync(from + suffix, to + suffix);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) return reasonOf(error);
    }
  }
  return undefined;
}

/** A name in the folder that nothing has yet: two damaged files within a millisecond both stay. */
function freeName(base: string): string {
  for (let attempt = 0;; attempt++) {
    const name = attempt === 0 ? `${base}.db` : `${base}-${attempt}.db`;
    try {
      Deno.lstatSync(name);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return name;
      throw error;
    }
  }
}

/** Copies kept values and counters out of a damaged file as far as SQLite can read it; returns how many. */
function carryOver(database: DatabaseSync, damagedPath: string): number {
  try {
    database.prepare("ATTACH DATABASE ? AS damaged").run(damagedPath);
  } catch (error) {
    if (isCorruption(error)) return 0; // not even its first page can be read
    throw error;
  }
  // Counters first: an order id that is used twice is worse than a value that is forgotten.
  const copied = ["counters", "kept"].map((table) => {
    try {
      return Number(
        database.prepare(`INSERT OR IGNORE INTO ${table} SELECT * FROM damaged.${table}`).run().changes,
      );
    } catch {
      return 0; // unreadable there; the notice says how many were carried over
    }
  });
  database.exec("DETACH DATABASE damaged");
  return copied.reduce((sum, count) => sum + count, 0);
}
