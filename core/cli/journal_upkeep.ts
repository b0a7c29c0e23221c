/** `berth journal backup`, `restore` and `prune`: what a journal needs over months. */
import { type Command, Option } from "commander";
import { dirname, resolve } from "node:path";
import { acquireHostLock } from "../journal/host_lock.ts";
import { copyJournal, keptForEver, pruneJournal, restoreJournal } from "../journal/upkeep.ts";
import { placeOf, type PlaceOptions, wholeOption, withPlace } from "./option_readers.ts";
import { readPlace } from "./place.ts";

export type JournalAct =
  | { readonly kind: "backup"; readonly file: string }
  | { readonly kind: "restore"; readonly file: string }
  | { readonly kind: "prune"; readonly olderThanMs: number };

export interface JournalUpkeepOptions extends PlaceOptions {
  readonly act: JournalAct;
  readonly asJson: boolean;
}

export interface JournalUpkeepLine {
  readonly kind: "journal_upkeep";
  readonly options: JournalUpkeepOptions;
}

const dayMs = 86_400_000;
/** What is younger is asked for after a restart, and when a trade has to be explained. */
const fewestDays = 7;

/** Commands of `berth journal`. */
export function addJournalUpkeep(journal: Command, found: (line: JournalUpkeepLine) => void): void {
  const give = (options: Readonly<Record<string, unknown>>, act: JournalAct): void =>
    found({ kind: "journal_upkeep", options: { ...placeOf(options), act, asJson: options.json === true } });
  withPlace(journal.command("backup").description("Writes a whole copy, also while a host runs."))
    .argument("<file>", "a new file")
    .option("--json", "as one JSON object")
    .action((file: string, _own: unknown, command: Command) =>
      give(command.optsWithGlobals(), { kind: "backup", file })
    );
  withPlace(journal.command("restore").description("Puts a copy in the journal's place; no host may run."))
    .argument("<file>", "what backup wrote, or the copy that an upgrade kept")
    .option("--json", "as one JSON object")
    .action((file: string, _own: unknown, command: Command) =>
      give(command.optsWithGlobals(), { kind: "restore", file })
    );
  withPlace(
    journal.command("prune").description(
      `Takes away old records, also while a host runs. These stay: ${keptForEver.join(", ")}.`,
    ),
  )
    .addOption(
      new Option("--days <count>", `older than this; ${fewestDays} at least`)
        .argParser(wholeOption("--days", fewestDays, 36_500)).makeOptionMandatory(),
    )
    .option("--json", "as one JSON object")
    .action((_own: unknown, command: Command) => {
      const options = command.optsWithGlobals();
      give(options, { kind: "prune", olderThanMs: Number(options.days) * dayMs });
    });
}

export interface UpkeepSurroundings {
  readonly workingFolder: string;
  readonly nowMs: number;
  readonly write: (text: string) => void;
}

/**
 * @throws {BerthError} JOURNAL_MISSING, JOURNAL_UNREADABLE, JOURNAL_SCHEMA_NEWER, JOURNAL_COPY_FAILED; HOST_ALREADY_RUNNING
 * for a restore beside a host
 */
export async function keepUpJournal(
  options: JournalUpkeepOptions,
  around: UpkeepSurroundings,
): Promise<void> {
  const { journalFile } = await readPlace(options, around.workingFolder);
  const { act, asJson } = options;
  const tell = (facts: unknown, words: string): void =>
    around.write(asJson ? `${JSON.stringify(facts)}\n` : `${words}\n`);
  switch (act.kind) {
    case "backup": {
      const copy = copyJournal(journalFile, resolve(around.workingFolder, act.file));
      return tell(
        copy,
        `${copy.path}: ${copy.records} records, ${(copy.sizeBytes / 1e6).toFixed(1)} MB, read through.`,
      );
    }
    case "restore": {
      using _lock = acquireHostLock(dirname(journalFile), { pid: Deno.pid });
      const restored = restoreJournal(journalFile, resolve(around.workingFolder, act.file), around.nowMs);
      const before = restored.setAsideAs === undefined
        ? ""
        : ` The one before lies at ${restored.setAsideAs}.`;
      return tell(restored, `${journalFile} is the copy now: ${restored.records} records.${before}`);
    }
    case "prune": {
      const removed = pruneJournal(journalFile, (around.nowMs - act.olderThanMs) * 1000);
      return tell(
        { removed },
        `${removed} records taken away. The file keeps its size; its room is used again.`,
      );
    }
    default:
      return act satisfies never;
  }
}
