/**
 * The notes that wait for one channel: bounded, in order, one attempt at a time, with pauses as the circuit says. No
 * channel waits for another, and nobody waits for a channel.
 */
import { type AlertNote, isAtLeast } from "./alert.ts";
import type { Channel, Delivery } from "./channels/channel.ts";
import type { ChannelKind } from "./channels/settings.ts";
import { afterDelivery, type Circuit, closedCircuit } from "./circuit.ts";

/** What of this channel the console, the metrics and the other channels are told. */
export interface ChannelStatus {
  readonly name: string;
  readonly kind: ChannelKind;
  /** `open`: it fails, and is tried from time to time only. */
  readonly circuit: "closed" | "open";
  readonly failuresInARow: number;
  /** Of the newest failure; empty when the last attempt was good. */
  readonly why: string;
  readonly queued: number;
  readonly sent: number;
  /** Attempts that did not deliver, slowed down ones left out. */
  readonly failed: number;
  /** Attempts that the service asked to repeat later. */
  readonly limited: number;
  /** Notes given up: no room in the queue, refused for what they are, or tried too often. */
  readonly dropped: number;
  /** Since the epoch; undefined before the first. */
  readonly lastSentMs: number | undefined;
}

export interface ChannelQueueOptions {
  readonly name: string;
  readonly kind: ChannelKind;
  readonly channel: Channel;
  readonly monotonicMs: () => number;
  readonly epochMs: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** What was counted under this name before; undefined for nothing. */
  readonly before: ChannelStatus | undefined;
  /** Resolves after this long, or at once when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

export const maxQueued = 100;
const maxAttempts = 20;

interface Waiting {
  readonly note: AlertNote;
  attempts: number;
}

export class ChannelQueue {
  readonly #options: ChannelQueueOptions;
  readonly #waiting: Waiting[] = [];
  readonly #stopping = new AbortController();
  #circuit: Circuit = closedCircuit;
  #isSending = false;
  #sending: Promise<void> = Promise.resolve();
  #sent = 0;
  #failed = 0;
  #limited = 0;
  #dropped = 0;
  #lastSentMs: number | undefined;

  constructor(options: ChannelQueueOptions) {
    this.#options = options;
    const { before } = options;
    if (before === undefined) return;
    this.#sent = before.sent;
    this.#failed = before.failed;
    this.#limited = before.limited;
    this.#dropped = before.dropped;
    this.#lastSentMs = before.lastSentMs;
  }

  /** Takes a note; where there is no room, the least important of all that wait is dropped, of equals the oldest. */
  offer(note: AlertNote): void {
    if (this.#stopping.signal.aborted) return;
    this.#waiting.push({ note, attempts: 0 });
    if (this.#waiting.length > maxQueued) this.#dropLeast();
    if (this.#isSending) return;
    this.#isSending = true;
    this.#sending = this.#sendAll();
  }

  status(): ChannelStatus {
    const { name, kind } = this.#options;
    const { isOpen, failures, why } = this.#circuit;
    return {
      name,
      kind,
      circuit: isOpen ? "open" : "closed",
      failuresInARow: failures,
      why,
      queued: this.#waiting.length,
      sent: this.#sent,
      failed: this.#failed,
      limited: this.#limited,
      dropped: this.#dropped,
      lastSentMs: this.#lastSentMs,
    };
  }

  /** Resolves when nothing waits any more; what `deadline` finds waiting is given up. */
  async finish(deadline: Promise<void>): Promise<void> {
    await Promise.race([this.#sending, deadline]);
    this.#dropped += this.#waiting.splice(0).length;
    this.#stopping.abort();
    await this.#sending;
  }

  /** Ends at once. @returns what waited, for the queue that takes its place */
  async handOver(): Promise<readonly AlertNote[]> {
    this.#stopping.abort();
    await this.#sending;
    return this.#waiting.splice(0).map(({ note }) => note);
  }

  #dropLeast(): void {
    // The first is under way.
    let least = 1;
    for (let at = 2; at < this.#waiting.length; at++) {
      const one = this.#waiting[at];
      const other = this.#waiting[least];
      if (one !== undefined && other !== undefined && !isAtLeast(one.note.severity, other.note.severity)) {
        least = at;
      }
    }
    this.#waiting.splice(least, 1);
    this.#dropped += 1;
  }

  async #sendAll(): Promise<void> {
    const { channel, monotonicMs, wait, random } = this.#options;
    const { signal } = this.#stopping;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const pauseMs = this.#circuit.notBeforeMs - monotonicMs();
      if (pauseMs > 0) await wait(pauseMs, signal);
      if (signal.aborted) break;
      first.attempts += 1;
      const delivery = await channel.deliver(first.note, signal);
      if (signal.aborted && delivery.kind !== "sent" && delivery.kind !== "sent_in_part") break;
      this.#circuit = afterDelivery(this.#circuit, delivery, monotonicMs(), channel.spacingMs, random());
      this.#count(delivery, first);
    }
    this.#isSending = false;
  }

  #count(delivery: Delivery, first: Waiting): void {
    switch (delivery.kind) {
      case "sent":
      case "sent_in_part":
        this.#sent += 1;
        this.#lastSentMs = Math.round(this.#options.epochMs());
        this.#waiting.shift();
        return;
      case "limited":
        this.#limited += 1;
        return;
      case "rejected":
        this.#failed += 1;
        return this.#giveUp();
      case "failed":
      case "misconfigured":
        this.#failed += 1;
        if (first.attempts >= maxAttempts) this.#giveUp();
        return;
      default:
        delivery satisfies never;
    }
  }

  #giveUp(): void {
    this.#waiting.shift();
    this.#dropped += 1;
  }
}
