/**
 * Plays a recording through a whole host: its venues stand in the place of adapters, strategies run in their sandboxes,
 * orders pass the risk gate and are filled on paper, everything is journalled and shown. Only time is the recording's.
 *
 * It goes in slices: the market data of a slice, each at its own time; what the paper venues have to tell; then the
 * strategies, which play the slice; then whatever the journal holds up. Nothing of the next slice begins before, so no
 * outcome depends on how fast anybody is, up to the slice: what a strategy asks for reaches the engine at its end.
 *
 * It pauses between two slices and goes on with the next, so a pause changes no outcome; nor does a step, which is a pause
 * taken back until market data was played. When the data is over, or the host stops, time goes on at its natural pace, so
 * that orders can be cancelled.
 */
import { describeError } from "../../errors.ts";
import type { Clock } from "../../model/clock.ts";
import type { VenueId } from "../../model/ids.ts";
import type { Instrument } from "../../model/instrument.ts";
import type { IndexedBook } from "../../protocol/codec.ts";
import { recordBytes, recordOffsets } from "../../protocol/records.ts";
import type { MarketData } from "../../recording/market_data.ts";
import { RecordQueue } from "../../recording/record_queue.ts";
import type { ReplayInfo } from "../../terminal/ports.ts";
import type { EngineDriver, HostLog } from "../ports.ts";
import type { PacedStrategies } from "./paced_strategies.ts";
import type { ReplayClock } from "./replay_clock.ts";

/** Times as fast as it was recorded, or as fast as everybody can. */
export type ReplaySpeed = number | "max";

/** What a replay needs of a venue (replayed_venue.ts). */
export interface VenueOfReplay {
  list(index: number, instrument: Instrument): void;
  open(): void;
  onRecord(payload: Uint8Array): void;
  onBook(book: IndexedBook): void;
  tellHealth(): void;
  /** What its account has to tell. */
  readonly desk: { advance(): void; nextDueUs(): number };
}

export interface ReplayOptions {
  readonly data: MarketData;
  readonly speed: ReplaySpeed;
  readonly clock: ReplayClock;
  /** Of the machine. */
  readonly wall: Pick<Clock, "monotonicMs">;
  readonly driver: Pick<EngineDriver, "clock" | "dispatch">;
  /** Resolves when no request waits for the journal. */
  readonly settled: () => Promise<void>;
  readonly strategies: Pick<PacedStrategies, "playTo">;
  readonly venue: (venue: VenueId) => VenueOfReplay;
  readonly log: HostLog;
  readonly after: (delayMs: number) => Promise<void>;
}

/** Longest slice, and the pause between two that is aimed at; microseconds of the recording and of the machine. */
const maxSliceUs = 20_000;
const sliceWallUs = 10_000;
const tickUs = 100_000;
const healthUs = 1_000_000;
const aheadRecords = 4_096;
/** Further behind than this, the speed can't be had: the rest is played from where it stands. */
const maxLagMs = 500;

export class Replay {
  readonly #options: ReplayOptions;
  readonly #queue: RecordQueue;
  readonly #venues = new Map<VenueId, VenueOfReplay>();
  readonly #over = Promise.withResolvers<string>();
  #speed: ReplaySpeed;
  #nextTickUs: number;
  #nextHealthUs: number;
  #toldTenths = 0;
  #isStopped = false;
  /** From this moment of the recording on time stands still; Infinity while it goes on. */
  #pausesAtUs = Infinity;
  #woken = Promise.withResolvers<void>();
  /** Since when the speed is kept; undefined where it begins anew. */
  #pace: { readonly speed: number; readonly fromMs: number; readonly fromUs: number } | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: ReplayOptions) {
    const { data, speed, clock } = options;
    this.#options = options;
    this.#speed = speed;
    this.#queue = new RecordQueue(data, () => false);
    this.#nextTickUs = clock.epochUs();
    this.#nextHealthUs = clock.epochUs();
  }

  /** Resolves when all has been played; rejects when it can't be read. */
  get over(): Promise<string> {
    return this.#over.promise;
  }

  get venues(): readonly VenueId[] {
    return [...this.#venues.keys()];
  }

  info(): ReplayInfo {
    const { data, clock } = this.#options;
    const share = (clock.epochUs() - data.fromUs) / Math.max(1, data.toUs - data.fromUs);
    return {
      speed: this.#options.speed,
      isPaused: this.#isPaused,
      atMs: clock.epochMs(),
      share: Math.min(1, Math.max(0, share)),
    };
  }

  /** Lists the recording's instruments and opens its venues; nothing is played yet. */
  open(): void {
    const { data, venue: make } = this.#options;
    data.instruments.forEach((instrument, index) => {
      const venue = this.#venues.get(instrument.venue) ?? make(instrument.venue);
      this.#venues.set(instrument.venue, venue);
      venue.list(index, instrument);
    });
    for (const venue of this.#venues.values()) venue.open();
  }

  start(): void {
    this.#running = this.#play();
  }

  get #isPaused(): boolean {
    return this.#options.clock.epochUs() >= this.#pausesAtUs;
  }

  /** Time stands still from the end of this slice on. What operators ask for reaches the venues when it goes on. */
  pause(): void {
    this.#pausesAtUs = this.#options.clock.epochUs();
  }

  /** Goes on after a pause. */
  resume(): void {
    this.#pausesAtUs = Infinity;
    this.#woken.resolve();
  }

  /** Goes on to the end of the slice that has the next market data, as fast as everybody can, and pauses there. */
  step(): void {
    const nowUs = this.#options.clock.epochUs();
    const nextUs = this.#queue.nextUs === Infinity ? nowUs : this.#queue.nextUs;
    this.#pausesAtUs = Math.max(nowUs + 1, nextUs);
    this.#woken.resolve();
  }

  /** The host stops: from now on time takes its natural pace. */
  slowDown(): void {
    this.#speed = 1;
    this.resume();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#woken.resolve();
    await this.#running;
  }

  async #play(): Promise<void> {
    const { data } = this.#options;
    let isOver = false;
    try {
      while (!this.#isStopped) {
        if (!isOver) await this.#queue.fill(aheadRecords);
        if (this.#isPaused) {
          await this.#untilWoken();
          continue;
        }
        const untilUs = this.#sliceEndUs(this.#speed);
        await this.#keepPace(untilUs);
        await this.#slice(untilUs);
        if (isOver || untilUs < data.toUs || !this.#queue.isAtEnd) continue;
        isOver = true;
        this.#speed = 1;
        this.#over.resolve("the recording is over");
      }
    } catch (error) {
      this.#options.log.write("error", "replay", describeError(error));
      this.#over.reject(error);
    }
  }

  async #untilWoken(): Promise<void> {
    this.#woken = Promise.withResolvers();
    await this.#woken.promise;
    this.#pace = undefined;
  }

  /** Waits until a slice may begin; not at full speed, nor while it steps. */
  async #keepPace(untilUs: number): Promise<void> {
    const { clock, wall, after } = this.#options;
    const speed = this.#speed;
    if (speed === "max" || this.#pausesAtUs !== Infinity) return;
    if (this.#pace?.speed !== speed) {
      this.#pace = { speed, fromMs: wall.monotonicMs(), fromUs: clock.epochUs() };
    }
    const { fromMs, fromUs } = this.#pace;
    const waitMs = fromMs + (untilUs - fromUs) / 1000 / speed - wall.monotonicMs();
    if (waitMs > 0) await after(waitMs);
    else if (waitMs < -maxLagMs) this.#pace = { speed, fromMs: wall.monotonicMs(), fromUs: untilUs };
  }

  /** At full speed a stretch without anything to do is one slice. */
  #sliceEndUs(speed: ReplaySpeed): number {
    const nowUs = this.#options.clock.epochUs();
    if (speed !== "max") {
      return nowUs + Math.max(1, Math.round(Math.min(maxSliceUs, sliceWallUs * speed)));
    }
    const nextUs = Math.min(this.#queue.nextUs, this.#nextTickUs, this.#nextDueUs());
    return Math.max(nowUs + maxSliceUs, nextUs);
  }

  #nextDueUs(): number {
    let nextUs = Infinity;
    for (const { desk } of this.#venues.values()) nextUs = Math.min(nextUs, desk.nextDueUs());
    return nextUs;
  }

  async #slice(untilUs: number): Promise<void> {
    const { clock, driver, strategies, settled } = this.#options;
    for (;;) {
      const nextUs = Math.min(this.#queue.nextUs, this.#nextDueUs(), this.#nextTickUs);
      if (nextUs > untilUs) break;
      clock.moveTo(nextUs);
      if (this.#nextDueUs() <= nextUs) { for (const { desk } of this.#venues.values()) desk.advance(); }
      else if (this.#queue.nextUs <= nextUs) this.#playNext();
      else this.#tick(driver);
    }
    clock.moveTo(untilUs);
    await strategies.playTo(untilUs);
    await settled();
    this.#tellProgress();
  }

  #tick(driver: ReplayOptions["driver"]): void {
    const nowUs = driver.clock.epochUs();
    this.#nextTickUs = nowUs + tickUs;
    if (nowUs >= this.#nextHealthUs) {
      this.#nextHealthUs = nowUs + healthUs;
      for (const venue of this.#venues.values()) venue.tellHealth();
    }
    driver.dispatch({ kind: "tick", tsUs: nowUs });
  }

  #playNext(): void {
    const { instruments } = this.#options.data;
    const book = this.#queue.takeBook();
    if (book !== undefined) {
      const instrument = instruments[book.index];
      if (instrument !== undefined) this.#venues.get(instrument.venue)?.onBook(book);
      return;
    }
    const { view, at } = this.#queue.takeRecord();
    const instrument = instruments[view.getUint32(at + recordOffsets.index, true)];
    if (instrument === undefined) return;
    this.#venues.get(instrument.venue)?.onRecord(
      new Uint8Array(view.buffer, view.byteOffset + at, recordBytes),
    );
  }

  #tellProgress(): void {
    const { share } = this.info();
    const tenths = Math.floor(share * 10);
    if (tenths === this.#toldTenths) return;
    this.#toldTenths = tenths;
    this.#options.log.write("info", "replay", `${tenths * 10} % played`);
  }
}
