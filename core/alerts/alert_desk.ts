/** Brings observations to the book and its notes to the channels, and keeps account of both. */
import { type AlertNote, isAtLeast } from "./alert.ts";
import { AlertBook } from "./alert_book.ts";
import { ChannelQueue, type ChannelQueueOptions } from "./channel_queue.ts";
import type { ChannelSettings } from "./channels/settings.ts";
import { makeChannel } from "./channels/make_channel.ts";
import type { FailingChannel } from "./conditions.ts";
import type { DailyTotals } from "./daily_summary.ts";
import type { Observation } from "./observation.ts";
import type { AlertsStart, AlertStatus, ToldCount } from "./ports.ts";

const maxRecent = 50;
/** A failure may pass; this many in a row are told. */
const failuresUntilTold = 3;

export type Surroundings = Pick<ChannelQueueOptions, "monotonicMs" | "epochMs" | "random" | "wait">;

interface Line {
  readonly settings: ChannelSettings;
  readonly queue: ChannelQueue;
}

export class AlertDesk {
  readonly #start: AlertsStart;
  readonly #book: AlertBook;
  readonly #lines: readonly Line[];
  readonly #recent: AlertNote[] = [];
  readonly #told = new Map<string, ToldCount>();

  constructor(start: AlertsStart, around: Surroundings) {
    const { settings, runId, day, sender, channels } = start;
    this.#start = start;
    this.#book = new AlertBook({ settings, runId, day });
    this.#lines = channels.map((channel) => ({
      settings: channel,
      queue: new ChannelQueue({
        ...around,
        name: channel.name,
        kind: channel.target.kind,
        channel: makeChannel(channel.target, { sender, epochMs: around.epochMs }),
      }),
    }));
  }

  observe(observation: Observation): readonly AlertNote[] {
    const notes = this.#book.observe(observation, this.#failing());
    for (const note of notes) {
      this.#count(note);
      for (const { settings, queue } of this.#lines) if (isWanted(note, settings)) queue.offer(note);
    }
    this.#recent.unshift(...notes.toReversed());
    this.#recent.length = Math.min(this.#recent.length, maxRecent);
    return notes;
  }

  get day(): DailyTotals | undefined {
    return this.#book.day;
  }

  status(): AlertStatus {
    return {
      settings: this.#start.settings,
      active: this.#book.active(),
      recent: [...this.#recent],
      told: [...this.#told.values()],
      channels: this.#lines.map(({ queue }) => queue.status()),
    };
  }

  async finish(deadline: Promise<void>): Promise<void> {
    await Promise.all(this.#lines.map(({ queue }) => queue.finish(deadline)));
  }

  #failing(): readonly FailingChannel[] {
    return this.#lines.map(({ queue }) => queue.status())
      .filter(({ circuit, failuresInARow }) => circuit === "open" || failuresInARow >= failuresUntilTold)
      .map(({ name, why }) => ({ channel: name, why }));
  }

  #count({ rule, severity, kind }: AlertNote): void {
    if (rule === "test") return;
    const key = `${rule} ${severity} ${kind}`;
    this.#told.set(key, { rule, severity, kind, count: (this.#told.get(key)?.count ?? 0) + 1 });
  }
}

/** Never its own failure: that is what the others are for. */
export function isWanted(
  note: AlertNote,
  { name, leastSeverity, without }: Pick<ChannelSettings, "name" | "leastSeverity" | "without">,
): boolean {
  if (note.rule === "channel_failing" && note.subject === name) return false;
  return isAtLeast(note.severity, leastSeverity) && !without.some((rule) => rule === note.rule);
}
