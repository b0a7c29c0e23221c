/** What a restart must know of the runs before: read from the journal, handed to the engine before adapters start. */
import type { EngineRestore } from "../engine/events.ts";
import { type KeptState, restoreOf } from "../engine/restore.ts";
import { describeError } from "../errors.ts";
import { type JournalReader, openJournalReader } from "../journal/reader.ts";
import type { JournalWriter } from "../journal/writer.ts";
import { scopeName } from "../model/risk_limits.ts";
import type { EngineDriver, HostLog } from "./ports.ts";

/** Fills and funding of this long ago may still be told again by a venue. */
const lookbackUs = 2 * 86_400 * 1_000_000;
const maxRecords = 50_000;

/**
 * Whether the simulated venues are those of the run before, which hosts come and go beside.
 *
 * @param worldId undefined for venues that this host started, and that begin anew with it
 */
export function isSameWorld(
  journal: Pick<JournalWriter, "kept" | "keep">,
  worldId: string | undefined,
): boolean {
  const known = journal.kept.find((value) => value.scope === "host" && value.key === "world")?.body;
  journal.keep("host", "world", worldId);
  return worldId !== undefined && known === worldId;
}

/** Orders and positions at venues that are no more. The records of them stay. */
export function forgetAccounts(journal: Pick<JournalWriter, "kept" | "keep">): void {
  for (const { scope, key } of journal.kept) {
    if (scope === "order" || scope === "position") journal.keep(scope, key, undefined);
  }
}

/**
 * Where venues begin anew with the host (simulated ones, the first of paper) only what people decided survives: halts
 * and tightened limits. A breach belonged to an account that is gone.
 */
export function restoreDecisions(journal: JournalWriter, driver: EngineDriver, log: HostLog): void {
  const kept = (scope: string): readonly unknown[] =>
    journal.kept.filter((value) => value.scope === scope).map((value) => value.body);
  const isOfPerson = (body: unknown): boolean =>
    typeof body === "object" && body !== null && "by" in body && body.by !== "risk" && body.by !== "host";
  restore(
    {
      orders: [],
      positions: [],
      trades: [],
      tradingStates: kept("trading_state").filter(isOfPerson),
      limits: kept("limits"),
      marketLimits: kept("market_limits"),
      baselines: [],
      fills: [],
      funding: [],
      groups: [],
      exits: [],
      triggers: [],
    },
    driver,
    log,
  );
}

export interface EarlierRuns {
  /** Of the journal's file. */
  readonly path: string;
  readonly journal: JournalWriter;
  /** Orders and positions of the run before are still there. */
  readonly isSameVenues: boolean;
  readonly driver: EngineDriver;
  readonly log: HostLog;
}

/** Tells the engine what the runs before left: all of it, or only what people decided. */
export function restoreEarlierRuns({ path, journal, isSameVenues, driver, log }: EarlierRuns): void {
  if (isSameVenues) {
    using reader = openJournalReader(path);
    return restoreRun(journal, reader, driver, log);
  }
  forgetAccounts(journal);
  restoreDecisions(journal, driver, log);
}

/** Restores orders, positions, trading states and what was booked. What can't be read is told, never guessed. */
export function restoreRun(
  journal: Pick<JournalWriter, "kept">,
  reader: Pick<JournalReader, "last">,
  driver: EngineDriver,
  log: HostLog,
): void {
  const tsUs = driver.clock.epochUs();
  // The newest: what is left out at the other end is too old to be told again.
  const bodies = (...kinds: readonly string[]): readonly unknown[] => {
    try {
      return reader.last(maxRecords, { kinds, fromUs: tsUs - lookbackUs }).map(({ body }) => body);
    } catch (error) {
      log.write("error", "journal", `records of ${kinds.join(", ")} can't be read: ${describeError(error)}`);
      return [];
    }
  };
  const kept = (scope: string): readonly unknown[] =>
    journal.kept.filter((value) => value.scope === scope).map((value) => value.body);
  const restored = restore(
    {
      orders: kept("order"),
      positions: kept("position"),
      trades: kept("trades"),
      tradingStates: kept("trading_state"),
      limits: kept("limits"),
      marketLimits: kept("market_limits"),
      baselines: kept("baseline"),
      fills: bodies("fill", "foreign_fill"),
      funding: bodies("funding"),
      groups: kept("leg_group"),
      exits: kept("exit_plan"),
      triggers: kept("trigger_order"),
    },
    driver,
    log,
  );
  const { workingOrders, positions } = restored;
  if (workingOrders.length + positions.length > 0) {
    log.write("info", "host", "restored from the journal", {
      workingOrders: workingOrders.length,
      positions: positions.length,
    });
  }
}

function restore(kept: KeptState, driver: EngineDriver, log: HostLog): EngineRestore {
  const { restore: restored, unreadable } = restoreOf(kept);
  for (const { kind, reason } of unreadable) {
    log.write("error", "journal", `a kept ${kind} can't be read: ${reason}`);
  }
  driver.dispatch({ kind: "restore", tsUs: driver.clock.epochUs(), restore: restored });
  for (const { scope, state, reason } of restored.states) {
    if (state === "active") continue;
    log.write("warn", "risk", `${scopeName(scope)} is ${state} since an earlier run: ${reason}`);
  }
  return restored;
}
