/** `berth journal` and `berth explain`: what was written down, and why something happened. */
import { BerthError } from "../errors.ts";
import { explain, explanationLines } from "../journal/explain.ts";
import {
  type JournalReader,
  openJournalReader,
  type RecordFilter,
  type StoredRecord,
} from "../journal/reader.ts";
import type { ExplainOptions, JournalOptions } from "./command_line.ts";
import { readPlace } from "./place.ts";

export interface CommandSurroundings {
  readonly workingFolder: string;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** Writes to standard output. */
  write(text: string): void;
}

const timeText = (tsMs: number): string => new Date(tsMs).toISOString();

/** A record on one line: time, kind, what it belongs to, id, body. */
function recordLine(record: StoredRecord): string {
  const about = record.instrument ?? record.venue ?? "";
  const by = record.plugin === undefined ? "" : `${record.plugin} `;
  return `${timeText(record.tsUs / 1000)} ${record.kind.padEnd(13)} ${by}${about} [${record.id}] ${
    JSON.stringify(record.body)
  }`;
}

function filterOf(options: JournalOptions, nowMs: number): RecordFilter {
  return {
    ...(options.kinds.length === 0 ? {} : { kinds: options.kinds }),
    ...(options.runId === undefined ? {} : { runId: options.runId }),
    ...(options.plugin === undefined ? {} : { plugin: options.plugin }),
    ...(options.venue === undefined ? {} : { venue: options.venue }),
    ...(options.instrument === undefined ? {} : { instrument: options.instrument }),
    ...(options.clientOrderId === undefined ? {} : { clientOrderId: options.clientOrderId }),
    ...(options.sinceMs === undefined ? {} : { fromUs: (nowMs - options.sinceMs) * 1000 }),
  };
}

interface Line {
  readonly json: unknown;
  readonly words: string;
}

function linesOf(reader: JournalReader, options: JournalOptions, nowMs: number): readonly Line[] {
  const filter = filterOf(options, nowMs);
  switch (options.show) {
    case "records":
      return reader.last(options.last, filter).map((record) => ({ json: record, words: recordLine(record) }));
    case "counts":
      return reader.counts(filter).map((row) => ({
        json: row,
        words: `${String(row.count).padStart(9)} ${row.kind.padEnd(13)} ${timeText(row.firstUs / 1000)} to ${
          timeText(row.lastUs / 1000)
        }`,
      }));
    case "runs":
      return reader.runs(options.last).toReversed().map((run) => ({
        json: run,
        words: `${timeText(run.tsStartMs)} ${run.runId} ${run.environment} seed ${
          run.seed ?? "-"
        } version ${run.version} ${
          run.tsStopMs === undefined
            ? "runs still, or crashed"
            : `${run.isCleanStop ? "stopped" : "failed"} after ${
              ((run.tsStopMs - run.tsStartMs) / 1000).toFixed(1)
            } s`
        }`,
      }));
    default:
      return options.show satisfies never;
  }
}

/** @throws {BerthError} JOURNAL_MISSING, JOURNAL_SCHEMA_NEWER, JOURNAL_UNREADABLE */
export async function showJournal(options: JournalOptions, around: CommandSurroundings): Promise<void> {
  const { journalFile } = await readPlace(options, around.workingFolder);
  using reader = openJournalReader(journalFile);
  const lines = linesOf(reader, options, around.nowMs);
  for (const line of lines) around.write(`${options.asJson ? JSON.stringify(line.json) : line.words}\n`);
  if (lines.length === 0 && !options.asJson) around.write("Nothing in the journal fits.\n");
}

/** @throws {BerthError} CLI_USAGE when nothing has the id; JOURNAL_MISSING, JOURNAL_SCHEMA_NEWER, JOURNAL_UNREADABLE */
export async function showExplanation(options: ExplainOptions, around: CommandSurroundings): Promise<void> {
  const { journalFile } = await readPlace(options, around.workingFolder);
  using reader = openJournalReader(journalFile);
  const explanation = explain(reader, options.id);
  if (explanation === undefined) {
    throw new BerthError("CLI_USAGE", {
      problem: `Nothing in the journal has the id ${options.id}`,
      fix: "find ids by berth journal --kind fill",
    });
  }
  around.write(
    options.asJson ? `${JSON.stringify(explanation)}\n` : `${explanationLines(explanation).join("\n")}\n`,
  );
}
