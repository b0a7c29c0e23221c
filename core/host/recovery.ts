/** What a restart must know of the runs before: read from the journal, handed to the engine before adapters start. */
import { restoreOf } from "../engine/restore.ts";
import { openJournalReader } from "../journal/reader.ts";
import type { JournalWriter } from "../journal/writer.ts";
import type { EngineDriver, HostLog } from "./ports.ts";

/** Fills and funding of this long ago may still be told again by a venue. */
const lookbackUs = 2 * 86_400 * 1_000_000;
const maxRecords = 50_000;

/** Restores orders, positions, trading states and what was booked. What can't be read is told, never guessed. */
export function restoreRun(journal: JournalWriter, path: string, driver: EngineDriver, log: HostLog): void {
  using reader = openJournalReader(path);
  const tsUs = driver.clock.epochUs();
  const bodies = (kind: string): readonly unknown[] =>
    reader.records({ kinds: [kind], fromUs: tsUs - lookbackUs }, { limit: maxRecords }).map((record) =>
      record.body
    );
  const kept = (scope: string): readonly unknown[] =>
    journal.kept.filter((value) => value.scope === scope).map((value) => value.body);
  const { restore, unreadable } = restoreOf({
    orders: kept("order"),
    positions: kept("position"),
    tradingStates: kept("trading_state"),
    baselines: kept("baseline"),
    fills: bodies("fill"),
    funding: bodies("funding"),
  });
  for (const { kind, reason } of unreadable) {
    log.write("error", "journal", `a kept ${kind} can't be read: ${reason}`);
  }
  const { workingOrders, positions } = restore;
  if (workingOrders.length + positions.length > 0) {
    log.write("info", "host", "restored from the journal", {
      workingOrders: workingOrders.length,
      positions: positions.length,
    });
  }
  driver.dispatch({ kind: "restore", tsUs, restore });
}
