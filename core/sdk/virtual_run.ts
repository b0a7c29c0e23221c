/**
 * A strategy on virtual time (backtest, replay): market data that the host sent ahead is played in the order of its
 * receive times, timers in between, up to a moment the host names.
 *
 * Host and strategy take turns. What the strategy asks for at time t can have no effect that it sees before
 * t + lookahead, so it may play on that far and no further; then it tells how far it came and the host, which knows of
 * everything up to there, takes its turn. No outcome depends on how fast either of them is.
 */
import { recordBytes, recordOffsets } from "../protocol/records.ts";
import type { PluginTime } from "./plugin_time.ts";

/** What the run plays to. */
export interface VirtualPlayer {
  readonly time: PluginTime;
  /** One 64-byte record. */
  onRecords(payload: Uint8Array): void;
  onBook(payload: Uint8Array): void;
}

interface QueuedBook {
  readonly kind: "book";
  readonly tsUs: number;
  readonly payload: Uint8Array;
}
interface QueuedRecords {
  readonly kind: "records";
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export class VirtualRun {
  readonly #player: VirtualPlayer;
  readonly #queue: (QueuedBook | QueuedRecords)[] = [];
  /** Position in the first entry, if it holds records. */
  #at = 0;
  /** When the strategy first asked the host for something that the host has not yet dealt with. */
  #askedUs: number | undefined;

  constructor(player: VirtualPlayer) {
    this.#player = player;
  }

  /** Queues records; the bytes are copied. */
  queueRecords(payload: Uint8Array): void {
    if (payload.length === 0) return;
    const bytes = payload.slice();
    this.#queue.push({ kind: "records", bytes, view: new DataView(bytes.buffer) });
  }

  /** Queues a book frame of the given receive time; the bytes are copied. */
  queueBook(tsUs: number, payload: Uint8Array): void {
    this.#queue.push({ kind: "book", tsUs, payload: payload.slice() });
  }

  /** The strategy asks the host for something at the present moment. */
  noteIntent(): void {
    this.#askedUs ??= this.#player.time.epochUs();
  }

  /** Plays up to `untilUs`, or to the lookahead after the first intent; returns how far it came. */
  play(untilUs: number, lookaheadUs: number): number {
    const { time } = this.#player;
    const limit = (): number =>
      this.#askedUs === undefined ? untilUs : Math.min(untilUs, this.#askedUs + lookaheadUs);
    for (;;) {
      const itemUs = this.#nextItemUs();
      const nextUs = Math.min(itemUs, time.nextDueUs());
      if (nextUs > limit()) break;
      time.advance(nextUs); // the timers of this moment come before its data
      if (itemUs <= nextUs && itemUs <= limit()) this.#playItem();
    }
    const reachedUs = limit();
    time.advance(reachedUs);
    return reachedUs;
  }

  /** From now on the host knows of everything that was asked. */
  handOver(): void {
    this.#askedUs = undefined;
  }

  #nextItemUs(): number {
    const first = this.#queue[0];
    if (first === undefined) return Infinity;
    return first.kind === "book"
      ? first.tsUs
      : first.view.getFloat64(this.#at + recordOffsets.tsRecvUs, true);
  }

  #playItem(): void {
    const first = this.#queue[0];
    if (first === undefined) return;
    if (first.kind === "book") {
      this.#queue.shift();
      return this.#player.onBook(first.payload);
    }
    const from = this.#at;
    this.#at += recordBytes;
    if (this.#at >= first.bytes.length) {
      this.#queue.shift();
      this.#at = 0;
    }
    this.#player.onRecords(first.bytes.subarray(from, from + recordBytes));
  }
}
