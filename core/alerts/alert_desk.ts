/** Brings observations to the book and its notes to the channels, and keeps account of both. */
import { type AlertNote, isAtLeast } from "./alert.ts";
import { AlertBook } from "./alert_book.ts";
import { ChannelQueue, type ChannelQueueOptions, type ChannelStatus } from "./channel_queue.ts";
import type { ChannelSettings } from "./channels/settings.ts";
import { makeChannel } from "./channels/make_channel.ts";
import type { FailingChannel } from "./conditions.ts";
import type { DailyTotals } from "./daily_summary.ts";
import type { Observation } from "./observation.ts";
import type { AlertsSetup, AlertsStart, AlertStatus, ToldCount } from "./ports.ts";

const maxRecent = 50;
/** A failure may pass; this many in a row are told. */
const failuresUntilTold = 3;

export type Surroundings = Pick<ChannelQueueOptions, "monotonicMs" | "epochMs" | "random" | "wait">;

interface Line {
  readonly settings: ChannelSettings;
  readonly queue: ChannelQueue;
}

export class AlertDesk {
  readonly #around: Surroundings;
  readonly #book: AlertBook;
  readonly #recent: AlertNote[];
  readonly #told: Map<string, ToldCount>;
  #setup: AlertsSetup;
  #lines: readonly Line[];

  constructor({ runId, day, before, ...setup }: AlertsStart, around: Surroundings) {
    this.#around = around;
    this.#book = new AlertBook({ settings: setup.settings, runId, day });
    this.#recent = [...before?.recent ?? []];
    this.#told = new Map(before?.told.map((one) => [toldKey(one), one]));
    this.#setup = setup;
    this.#lines = setup.channels.map((channel) =>
      this.#line(channel, before?.channels.find(({ name }) => name === channel.name))
    );
  }

  /** Other rules, other channels. A queue whose target stays goes on; what waits in others goes to their successors. */
  change(setup: AlertsSetup): void {
    const isSender = isSame(setup.sender, this.#setup.sender);
    const before = this.#lines;
    this.#setup = setup;
    this.#book.change(setup.settings);
    this.#lines = setup.channels.map((settings) => {
      const known = before.find((line) => line.settings.name === settings.name);
      return known !== undefined && isSender && isSame(known.settings.target, settings.target)
        ? { settings, queue: known.queue }
        : this.#line(settings, known?.queue.status());
    });
    const queues = new Set(this.#lines.map(({ queue }) => queue));
    for (const line of before) if (!queues.has(line.queue)) void this.#handOver(line);
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
      settings: this.#setup.settings,
      active: this.#book.active(),
      recent: [...this.#recent],
      told: [...this.#told.values()],
      channels: this.#lines.map(({ queue }) => queue.status()),
    };
  }

  async finish(deadline: Promise<void>): Promise<void> {
    await Promise.all(this.#lines.map(({ queue }) => queue.finish(deadline)));
  }

  #line(settings: ChannelSettings, before: ChannelStatus | undefined): Line {
    const { name, target } = settings;
    const { epochMs } = this.#around;
    const channel = makeChannel(target, { sender: this.#setup.sender, epochMs });
    return {
      settings,
      queue: new ChannelQueue({ ...this.#around, name, kind: target.kind, channel, before }),
    };
  }

  /** What waits is sent by the channel of the same name, where there is one still. */
  async #handOver({ settings, queue }: Line): Promise<void> {
    const waiting = await queue.handOver();
    const successor = this.#lines.find((line) => line.settings.name === settings.name);
    for (const note of waiting) successor?.queue.offer(note);
  }

  #failing(): readonly FailingChannel[] {
    return this.#lines.map(({ queue }) => queue.status())
      .filter(({ circuit, failuresInARow }) => circuit === "open" || failuresInARow >= failuresUntilTold)
      .map(({ name, why }) => ({ channel: name, why }));
  }

  #count({ rule, severity, kind }: AlertNote): void {
    if (rule === "test") return;
    const key = toldKey({ rule, severity, kind });
    this.#told.set(key, { rule, severity, kind, count: (this.#told.get(key)?.count ?? 0) + 1 });
  }
}

const toldKey = ({ rule, severity, kind }: Omit<ToldCount, "count">): string => `${rule} ${severity} ${kind}`;

/** Of plain records that were made in the same order. */
const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Never its own failure: that is what the others are for. */
export function isWanted(
  note: AlertNote,
  { name, leastSeverity, without }: Pick<ChannelSettings, "name" | "leastSeverity" | "without">,
): boolean {
  if (note.rule === "channel_failing" && note.subject === name) return false;
  return isAtLeast(note.severity, leastSeverity) && !without.some((rule) => rule === note.rule);
}
