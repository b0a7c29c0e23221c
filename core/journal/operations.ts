/** What the engine's thread asks of the journal's, and what that answers: one closed union each way. */
import type { JournalRecord, KeptValue, RunStart } from "./schema.ts";
import { bodyText } from "./schema.ts";
import type { SharedRing } from "./shared_ring.ts";

/** A record on its way: columns in order, the body as JSON text already. */
export type RecordColumns = readonly [
  id: string,
  causeId: string | null,
  kind: string,
  tsUs: number,
  plugin: string | null,
  venue: string | null,
  instrument: string | null,
  clientOrderId: string | null,
  body: string,
];

export type Operation =
  | readonly ["record", RecordColumns]
  /** `body` null forgets the key. */
  | readonly ["keep", scope: string, key: string, tsUs: number, body: string | null]
  | readonly ["counter", name: string, value: number]
  | readonly ["run_start", RunStart]
  | readonly ["run_stop", runId: string, tsStopMs: number, isClean: boolean]
  /** What one turn of the engine's event loop wrote is all there: it is committed whole or not at all. */
  | readonly ["turn_end"]
  | readonly ["close"];

export function recordOperation(record: JournalRecord): Operation {
  return ["record", [
    record.id,
    record.causeId ?? null,
    record.kind,
    record.tsUs,
    record.plugin ?? null,
    record.venue ?? null,
    record.instrument ?? null,
    record.clientOrderId ?? null,
    bodyText(record.body),
  ]];
}

/** Whether a commit may end after this operation. */
export const isBoundary = ([kind]: Operation): boolean => kind === "turn_end" || kind === "close";

/**
 * How much a commit is worth. `process_crash`: it is in the operating system's hands, which a killed host does not
 * harm. `power_loss`: it is on the disk.
 */
export type Durability = "process_crash" | "power_loss";

/** First message to the thread. */
export interface OpenRequest {
  readonly ring: SharedRing;
  readonly path: string;
  readonly durability: Durability;
  readonly tsNowMs: number;
  /** Records that nobody waits for are committed together at most this much later. */
  readonly lingerMs: number;
}

/** What a person must hear about how the journal was found. */
export type JournalNotice =
  | {
    readonly kind: "corrupt_file_set_aside";
    readonly file: string;
    readonly setAsideAs: string;
    readonly reason: string;
    /** Kept values and counters that could still be read and were carried over. */
    readonly carriedOver: number;
  }
  /** Brought to a newer schema; a copy from before lies at `keptAs`, for the way back. */
  | {
    readonly kind: "migrated";
    readonly before: number;
    readonly after: number;
    readonly keptAs: string;
  }
  /** A kept value whose text is damaged: it is left out, and stays in the file. */
  | { readonly kind: "unreadable_value"; readonly scope: string; readonly key: string }
  | { readonly kind: "previous_run_crashed"; readonly runId: string };

export interface OpenedJournal {
  readonly kept: readonly KeptValue[];
  readonly counters: Readonly<Record<string, number>>;
  readonly notices: readonly JournalNotice[];
}

export type WorkerAnswer =
  | { readonly kind: "opened"; readonly opened: OpenedJournal }
  | { readonly kind: "newer_schema"; readonly found: number; readonly known: number }
  /** Nothing is written after it. */
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "closed" };
