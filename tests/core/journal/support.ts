/** Shared by the journal's tests: folders that vanish, a clock that stands, records to write. */
import { type JournalOptions, type JournalWriter, openJournal } from "../../../core/journal/writer.ts";
import type { JournalRecord } from "../../../core/journal/schema.ts";

/** A fake clock that stands unless it is moved. */
export class StandingClock {
  nowMs = 1_750_000_000_000;
  epochMs = (): number => this.nowMs;
  epochUs = (): number => this.nowMs * 1000;
}

export interface TestFolder extends AsyncDisposable {
  readonly path: string;
  readonly journalPath: string;
}

export async function testFolder(): Promise<TestFolder> {
  const path = await Deno.makeTempDir({ prefix: "berth_journal_" });
  return {
    path,
    journalPath: `${path}/journal.db`,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

export function open(folder: TestFolder, options: Partial<JournalOptions> = {}): Promise<JournalWriter> {
  return openJournal({ path: folder.journalPath, clock: new StandingClock(), ...options });
}

export const record = (id: string, changes: Partial<JournalRecord> = {}): JournalRecord => ({
  id,
  kind: "intent",
  tsUs: 1_750_000_000_000_000,
  body: { note: id },
  ...changes,
});
