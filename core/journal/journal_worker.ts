/**
 * The journal's thread. It sleeps on a shared word, takes what has gathered in the ring, writes it in one transaction
 * and says how much is committed. It never returns to its event loop before it is closed.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { markIfDamaged, openJournalFile } from "./journal_file.ts";
import {
  isBoundary,
  type JournalNotice,
  type OpenedJournal,
  type OpenRequest,
  type Operation,
  type RecordColumns,
  type WorkerAnswer,
} from "./operations.ts";
import { type KeptValue, readBody, type RunStart } from "./schema.ts";
import { controlWord, readFrames } from "./shared_ring.ts";

const maxBatch = 1024;
/** After this long without work the log is written back into the file. */
const checkpointAfterMs = 1000;
/** Beyond this the log is written back even when there is work: 64 MiB of records. */
const checkpointBytes = 64 * 1024 * 1024;

interface WorkerScope {
  onmessage: ((event: MessageEvent<OpenRequest>) => void) | null;
  postMessage(answer: WorkerAnswer): void;
  close(): void;
}
declare const self: WorkerScope;

self.onmessage = ({ data: request }) => {
  self.postMessage(serve(request));
  self.close();
};

/** From opening to closing; returns the last answer. */
function serve(request: OpenRequest): WorkerAnswer {
  const file = openJournalFile(request);
  if (file.kind !== "open") return file;
  const { database, notices } = file;
  try {
    const writer = new BatchWriter(database);
    self.postMessage({ kind: "opened", opened: whatIsKept(database, notices) });
    writeUntilClosed(request, database, writer);
    database.close();
    return { kind: "closed" };
  } catch (error) {
    markIfDamaged(request.path, error);
    return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

function whatIsKept(database: DatabaseSync, notices: readonly JournalNotice[]): OpenedJournal {
  const kept: KeptValue[] = [];
  const unreadable: JournalNotice[] = [];
  for (const row of database.prepare("SELECT scope, key, ts_us, body FROM kept").all()) {
    const [scope, key] = [String(row.scope), String(row.key)];
    const read = readBody(String(row.body));
    if (read.kind === "body") kept.push({ scope, key, tsUs: Number(row.ts_us), body: read.body });
    else unreadable.push({ kind: "unreadable_value", scope, key });
  }
  const counters = Object.fromEntries(
    database.prepare("SELECT name, value FROM counters").all().map((row) => [
      String(row.name),
      Number(row.value),
    ]),
  );
  const last = database.prepare("SELECT run_id, ts_stop_ms FROM runs ORDER BY run_number DESC LIMIT 1").get();
  const crashed: readonly JournalNotice[] = last !== undefined && last.ts_stop_ms === null
    ? [{ kind: "previous_run_crashed", runId: String(last.run_id) }]
    : [];
  return { kept, counters, notices: [...notices, ...unreadable, ...crashed] };
}

function writeUntilClosed(request: OpenRequest, database: DatabaseSync, writer: BatchWriter): void {
  const { ring: { control }, ring, lingerMs } = request;
  const decoder = new TextDecoder();
  let seenUrgent = Atomics.load(control, controlWord.urgent);
  let bytesInLog = 0;
  /** Of a turn that is not over yet. */
  const gathered: Operation[] = [];
  while (!writer.isClosed) {
    const seenWake = Atomics.load(control, controlWord.wake);
    const frames = readFrames(ring, maxBatch);
    if (frames.length > 0) {
      // This program wrote the frames itself, as the type says: `Operation` in, the same JSON out.
      gathered.push(...frames.map((frame): Operation => JSON.parse(decoder.decode(frame))));
      const whole = gathered.findLastIndex(isBoundary) + 1;
      if (whole > 0) {
        writer.write(gathered.splice(0, whole));
        Atomics.add(control, controlWord.committed, whole);
      }
      Atomics.add(control, controlWord.progress, 1);
      Atomics.notify(control, controlWord.progress);
      bytesInLog += frames.reduce((sum, frame) => sum + frame.length, 0);
      if (bytesInLog < checkpointBytes) continue;
    }
    const timeoutMs = bytesInLog > 0 ? checkpointAfterMs : Infinity;
    const isQuiet = bytesInLog >= checkpointBytes ||
      Atomics.wait(control, controlWord.wake, seenWake, timeoutMs) === "timed-out";
    if (isQuiet) {
      database.exec("PRAGMA wal_checkpoint(PASSIVE)");
      bytesInLog = 0;
      continue;
    }
    // Company is waited for only when nobody waits for us: one commit for a burst of small turns.
    Atomics.wait(control, controlWord.urgent, seenUrgent, lingerMs);
    seenUrgent = Atomics.load(control, controlWord.urgent);
  }
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}

/** Writes operations in order, a batch in one transaction. */
class BatchWriter {
  readonly #database: DatabaseSync;
  readonly #record: StatementSync;
  readonly #keep: StatementSync;
  readonly #forget: StatementSync;
  readonly #counter: StatementSync;
  #runNumber: number | null = null;
  #isClosed = false;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#record = database.prepare(
      `INSERT INTO records
        (run_number, id, cause_id, kind, ts_us, plugin, venue, instrument, client_order_id, body)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#keep = database.prepare(
      `INSERT INTO kept (scope, key, ts_us, body) VALUES (?, ?, ?, ?)
        ON CONFLICT (scope, key) DO UPDATE SET ts_us = excluded.ts_us, body = excluded.body`,
    );
    this.#forget = database.prepare("DELETE FROM kept WHERE scope = ? AND key = ?");
    this.#counter = database.prepare(
      "INSERT INTO counters (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    );
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  write(operations: readonly Operation[]): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      for (const operation of operations) this.#apply(operation);
      this.#database.exec("COMMIT");
    } catch (error) {
      // A full disk rolls back by itself; the first error is the one to report.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  #apply(operation: Operation): void {
    switch (operation[0]) {
      case "record":
        this.#addRecord(operation[1]);
        break;
      case "keep": {
        const [, scope, key, tsUs, body] = operation;
        if (body === null) this.#forget.run(scope, key);
        else this.#keep.run(scope, key, tsUs, body);
        break;
      }
      case "counter":
        this.#counter.run(operation[1], operation[2]);
        break;
      case "run_start":
        this.#startRun(operation[1]);
        break;
      case "run_stop": {
        const [, runId, tsStopMs, isClean] = operation;
        this.#database.prepare("UPDATE runs SET ts_stop_ms = ?, is_clean_stop = ? WHERE run_id = ?")
          .run(tsStopMs, isClean ? 1 : 0, runId);
        break;
      }
      case "turn_end":
        break;
      case "close":
        this.#isClosed = true;
        break;
      default:
        operation satisfies never;
    }
  }

  #addRecord(columns: RecordColumns): void {
    this.#record.run(this.#runNumber, ...columns);
  }

  #startRun(run: RunStart): void {
    const { lastInsertRowid } = this.#database.prepare(
      "INSERT INTO runs (run_id, environment, seed, version, ts_start_ms) VALUES (?, ?, ?, ?, ?)",
    ).run(run.runId, run.environment, run.seed ?? null, run.version, run.tsStartMs);
    this.#runNumber = Number(lastInsertRowid);
  }
}
