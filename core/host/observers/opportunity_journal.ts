/**
 * Writes opportunities down: each one that was taken, and of those that were passed over the best of each plugin and second,
 * with how many there were. A strategy may report thousands a second; the journal gets at most
 * {@link maxTakenPerSecond} + 1 of each plugin.
 */
import type { JournalWriter } from "../../journal/writer.ts";
import type { Clock } from "../../model/clock.ts";
import { venueOf } from "../../model/ids.ts";
import type { OpportunityMessage } from "../../protocol/messages.ts";
import type { Tally } from "../ports.ts";

const periodMs = 1_000;
export const maxTakenPerSecond = 20;

/** The body of an `opportunity` record. */
export interface OpportunityBody {
  readonly opportunity: Omit<OpportunityMessage, "type">;
  /** Of the plugin's since its record before, this one included. */
  readonly seen: number;
}

interface Watched {
  best: OpportunityMessage | undefined;
  seen: number;
  sinceMs: number;
  taken: number;
}

export interface OpportunityJournalOptions {
  readonly journal: Pick<JournalWriter, "append">;
  readonly clock: Pick<Clock, "epochMs" | "epochUs">;
  /** Whoever counts and shows. */
  readonly next: Tally;
}

export class OpportunityJournal implements Tally {
  readonly #options: OpportunityJournalOptions;
  readonly #watched = new Map<string, Watched>();
  #serial = 0;

  constructor(options: OpportunityJournalOptions) {
    this.#options = options;
  }

  opportunity(plugin: string, message: OpportunityMessage): void {
    this.#options.next.opportunity(plugin, message);
    const nowMs = this.#options.clock.epochMs();
    const watched = this.#watched.get(plugin) ?? { best: undefined, seen: 0, sinceMs: nowMs, taken: 0 };
    this.#watched.set(plugin, watched);
    if (nowMs - watched.sinceMs >= periodMs) this.#endPeriod(plugin, watched, nowMs);
    watched.seen++;
    if (message.isTaken && watched.taken < maxTakenPerSecond) {
      watched.taken++;
      return this.#write(plugin, message, watched);
    }
    if (watched.best === undefined || message.expectedBps > watched.best.expectedBps) watched.best = message;
  }

  gauge(plugin: string, name: string, value: number): void {
    this.#options.next.gauge(plugin, name, value);
  }

  panel(...[plugin, panel]: Parameters<Tally["panel"]>): void {
    this.#options.next.panel(plugin, panel);
  }

  /** Writes what seconds that are over have left. */
  tick(): void {
    const nowMs = this.#options.clock.epochMs();
    for (const [plugin, watched] of this.#watched) {
      if (nowMs - watched.sinceMs >= periodMs) this.#endPeriod(plugin, watched, nowMs);
    }
  }

  #endPeriod(plugin: string, watched: Watched, nowMs: number): void {
    const { best } = watched;
    watched.best = undefined;
    watched.sinceMs = nowMs;
    watched.taken = 0;
    if (best !== undefined) this.#write(plugin, best, watched);
  }

  #write(plugin: string, { type: kind, ...opportunity }: OpportunityMessage, watched: Watched): void {
    const { journal, clock } = this.#options;
    const tsUs = clock.epochUs();
    const body: OpportunityBody = { opportunity, seen: watched.seen };
    watched.seen = 0;
    journal.append({
      id: `opportunity/${plugin}/${tsUs}-${++this.#serial}`,
      kind,
      tsUs,
      plugin,
      instrument: opportunity.buy,
      venue: venueOf(opportunity.buy),
      body,
    });
  }
}
