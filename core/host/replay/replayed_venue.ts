/**
 * A venue of a recording, in the place of its adapter: the recorded market data goes through the same channel as an
 * adapter's, orders go to a venue of paper.
 */
import type { VenueId } from "../../model/ids.ts";
import type { Instrument } from "../../model/instrument.ts";
import type { IndexedBook } from "../../protocol/codec.ts";
import { recordKinds, recordOffsets } from "../../protocol/records.ts";
import type { BerthError } from "../../errors.ts";
import { AdapterChannel } from "../plugins/adapter_channel.ts";
import { paperCapabilities, type PaperDesk } from "../venues/paper_desk.ts";
import type { PluginSubscriptions } from "../plugins/plugin_subscriptions.ts";
import type { EngineDriver, HostLog, Tally } from "../ports.ts";
import type { VenueQuestions } from "../venues/venue_questions.ts";
import type { VenueOfReplay } from "./replay.ts";

export interface ReplayedVenueOptions {
  readonly venue: VenueId;
  readonly driver: EngineDriver;
  readonly log: HostLog;
  readonly tally: Tally;
  readonly desk: PaperDesk;
  readonly subscriptions: PluginSubscriptions;
  /** Nobody answers them: the past has no venue to ask. */
  readonly questions: VenueQuestions;
  readonly onBreach: (reason: BerthError) => void;
}

export class ReplayedVenue implements VenueOfReplay {
  readonly venue: VenueId;
  readonly desk: PaperDesk;
  readonly #options: ReplayedVenueOptions;
  readonly #channel: AdapterChannel;
  #updates = 0;
  #delaysMs = 0;
  #worstDelayMs = 0;

  constructor(options: ReplayedVenueOptions) {
    const { venue, driver, log, tally, questions, desk, subscriptions, onBreach } = options;
    this.venue = venue;
    this.desk = desk;
    this.#options = options;
    this.#channel = new AdapterChannel({
      pluginId: `${venue}_replay`,
      venue,
      driver,
      log,
      tally,
      questions,
      onInstrument: (index, isNew) => subscriptions.onInstrument(index, isNew),
      onBreach,
      paper: desk,
    });
  }

  /** Names an instrument by its number in the recording. */
  list(index: number, instrument: Instrument): void {
    this.#channel.onMessage({ type: "instrument", index, instrument });
  }

  /** From now on it trades. */
  open(): void {
    const { driver, venue, desk } = this.#options;
    driver.attachAdapter(venue, desk.request);
    driver.dispatch({
      kind: "adapter_started",
      tsUs: driver.clock.epochUs(),
      venue,
      hasTrading: true,
      capabilities: paperCapabilities,
    });
    this.tellHealth();
  }

  /** One record, all of `payload`. */
  onRecord(payload: Uint8Array): void {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    this.#updates += 1;
    if (view.getUint8(recordOffsets.kind) === recordKinds.quote) {
      const delayMs = view.getFloat64(recordOffsets.tsRecvUs, true) / 1000 -
        view.getFloat64(recordOffsets.tsVenueMs, true);
      this.#delaysMs += delayMs;
      this.#worstDelayMs = Math.max(this.#worstDelayMs, delayMs);
    }
    this.#channel.onRecords(payload);
  }

  onBook(book: IndexedBook): void {
    this.#updates += 1;
    const mine = this.#channel.bookOf(book);
    if (mine !== undefined) this.#options.subscriptions.onBook(mine.index, mine.book);
  }

  /** To be called once a second of the recording: how the feed was when it was recorded. */
  tellHealth(): void {
    const updates = this.#updates;
    this.#channel.onMessage({
      type: "health",
      health: {
        marketData: "connected",
        privateStream: "connected",
        heartbeatAgeMs: 0,
        updatesPerSecond: updates,
        latencyAverageMs: updates === 0 ? undefined : this.#delaysMs / updates,
        latencyP99Ms: updates === 0 ? undefined : this.#worstDelayMs,
        gaps: 0,
        reconnects: 0,
      },
    });
    this.#updates = 0;
    this.#delaysMs = 0;
    this.#worstDelayMs = 0;
  }
}
