/**
 * What a journal needs over months: copies that are whole although a host writes on, the way back to one of them, and an
 * end of what is too old to be asked for.
 *
 * Invariants:
 * 1. A copy is one moment of the journal, read in one transaction; a host that writes meanwhile does not wait.
 * 2. After a restore no client order id is used a second time: counters are moved on, far beyond what the copy knows.
 * 3. A restore throws nothing away: the journal that was there is set aside.
 */
import { DatabaseSync } from "node:sqlite";
import { BerthError } from "../errors.ts";
import { applicationId, migrations, newestVersion, schemaVersionOf } from "./schema.ts";
import { setAside } from "./set_aside.ts";

/** More numbers than a host uses between a copy and its restore; the ids have room for a million such steps. */
const counterStep = 100_000_000;
/** Records a commit: a host that writes waits for one commit at most. */
const pruneBatch = 500;
/** What was paid, received and decided stays whatever its age: it is little, and what taxes and disputes ask for. */
export const keptForEver = ["fill", "foreign_fill", "funding", "operator", "repair"] as const;

export interface JournalCopy {
  readonly path: string;
  readonly schemaVersion: number;
  readonly records: number;
  readonly sizeBytes: number;
}

const reasonOf = (error: unknown): string => error instanceof Error ? error.message : String(error);
const exists = (path: string): boolean => {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
};

/**
 * Writes a whole copy of a journal, also while a host writes it, and reads it through once.
 *
 * @param target a file that is not there yet
 * @throws {BerthError} JOURNAL_MISSING, JOURNAL_UNREADABLE, JOURNAL_COPY_FAILED
 */
export function copyJournal(path: string, target: string): JournalCopy {
  if (!exists(path)) throw new BerthError("JOURNAL_MISSING", { file: path });
  if (exists(target)) {
    throw new BerthError("JOURNAL_COPY_FAILED", { file: target, reason: "it is there already" });
  }
  try {
    using database = opened(path);
    database.connection.prepare("VACUUM INTO ?").run(target);
    using file = Deno.openSync(target, { write: true });
    file.syncSync();
  } catch (cause) {
    throw new BerthError("JOURNAL_COPY_FAILED", { file: target, reason: reasonOf(cause) }, { cause });
  }
  return checkedCopy(target);
}

/**
 * Reads a copy through.
 * @throws {BerthError} JOURNAL_UNREADABLE, JOURNAL_SCHEMA_NEWER
 */
export function checkedCopy(path: string): JournalCopy {
  const unreadable = (reason: string, cause?: unknown) =>
    new BerthError("JOURNAL_UNREADABLE", { file: path, reason }, { cause });
  if (!exists(path)) throw unreadable("there is no such file");
  try {
    using database = opened(path);
    const { connection } = database;
    if (connection.prepare("PRAGMA application_id").get()?.application_id !== applicationId) {
      throw unreadable("it is no journal");
    }
    const found = schemaVersionOf(connection);
    const known = newestVersion(migrations);
    if (found > known) throw new BerthError("JOURNAL_SCHEMA_NEWER", { file: path, found, known });
    const answer = connection.prepare("PRAGMA integrity_check(1)").get()?.integrity_check;
    if (answer !== "ok") throw unreadable(String(answer));
    const records = Number(connection.prepare("SELECT count(*) AS n FROM records").get()?.n);
    return { path, schemaVersion: found, records, sizeBytes: Deno.statSync(path).size };
  } catch (error) {
    throw error instanceof BerthError ? error : unreadable(reasonOf(error), error);
  }
}

export interface Restored extends JournalCopy {
  /** Where the journal that was there lies now. */
  readonly setAsideAs: string | undefined;
}

/**
 * Puts a copy in the place of the journal. No host may run on its folder: the caller holds the lock.
 *
 * @throws {BerthError} JOURNAL_UNREADABLE, JOURNAL_SCHEMA_NEWER of the copy; JOURNAL_COPY_FAILED
 */
export function restoreJournal(path: string, from: string, tsNowMs: number): Restored {
  const copy = checkedCopy(from);
  const fresh = `${path}.restoring`;
  try {
    Deno.copyFileSync(from, fresh);
    using database = opened(fresh, false);
    const raise = database.connection.prepare("UPDATE counters SET value = max(value, ?) + ?");
    raise.run(highestCounter(path), counterStep);
  } catch (cause) {
    throw new BerthError("JOURNAL_COPY_FAILED", { file: fresh, reason: reasonOf(cause) }, { cause });
  }
  const moved = exists(path) ? setAside(path, "before-restore", tsNowMs) : undefined;
  if (moved?.kind === "failed") {
    throw new BerthError("JOURNAL_COPY_FAILED", { file: path, reason: moved.reason });
  }
  Deno.renameSync(fresh, path);
  return { ...copy, path, setAsideAs: moved?.to };
}

/** Of the journal that is there; 0 when there is none or it can't be read any more. */
function highestCounter(path: string): number {
  try {
    using database = opened(path);
    return Number(database.connection.prepare("SELECT coalesce(max(value), 0) AS n FROM counters").get()?.n);
  } catch {
    return 0; // the step is far beyond it
  }
}

/**
 * Takes away records from before a moment, other than those of {@link keptForEver}, also while a host writes. The file
 * does not get smaller: its pages are used again.
 *
 * @param beforeUs microseconds since the epoch
 * @returns how many
 * @throws {BerthError} JOURNAL_MISSING, JOURNAL_UNREADABLE
 */
export function pruneJournal(path: string, beforeUs: number): number {
  if (!exists(path)) throw new BerthError("JOURNAL_MISSING", { file: path });
  try {
    using database = opened(path, false);
    const marks = keptForEver.map(() => "?").join(", ");
    const remove = database.connection.prepare(
      `DELETE FROM records WHERE sequence IN
         (SELECT sequence FROM records WHERE ts_us < ? AND kind NOT IN (${marks}) LIMIT ?)`,
    );
    let removed = 0;
    for (let count = -1; count !== 0;) {
      count = Number(remove.run(beforeUs, ...keptForEver, pruneBatch).changes);
      removed += count;
    }
    return removed;
  } catch (cause) {
    throw new BerthError("JOURNAL_UNREADABLE", { file: path, reason: reasonOf(cause) }, { cause });
  }
}

interface OpenedDatabase extends Disposable {
  readonly connection: DatabaseSync;
}

function opened(path: string, readOnly = true): OpenedDatabase {
  const connection = new DatabaseSync(path, { readOnly });
  connection.exec("PRAGMA busy_timeout = 5000");
  return { connection, [Symbol.dispose]: () => connection.close() };
}
