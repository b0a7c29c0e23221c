/**
 * A backtest: the plugin in its sandbox on virtual time, the engine with its risk gate, and paper venues that fill
 * with fees and latency, over market data of the past. Everything happens at a time that data, settings and seed
 * determine, so equal inputs give equal results to the byte.
 *
 * Host and plugin take turns (virtual_run.ts): a turn is as long as the lookahead, and what the host says reaches the
 * plugin at the turn's end. While no order, exit or trigger of the plugin's is open the host can't have anything to tell
 * it, so it plays far ahead, to the first thing it asks for. While exits or triggers wait it plays through as many turns as
 * the host surely has nothing to say in (turns_ahead.ts).
 */
import { Engine } from "../engine/engine.ts";
import { defaultTiming, type EngineEvent, type EngineOutput, type GrantedBudget } from "../engine/events.ts";
import { PaperExchange } from "../execution/paper/paper_exchange.ts";
import { pluginMessage } from "../host/engine_driver.ts";
import { takeRecord } from "../host/venues/market_records.ts";
import { paperCapabilities } from "../host/venues/paper_desk.ts";
import type { EngineDriver, HostLog } from "../host/ports.ts";
import { grantOf, StrategyChannel } from "../host/plugins/strategy_channel.ts";
import type { Clock } from "../model/clock.ts";
import type { PluginId, VenueId } from "../model/ids.ts";
import { moneyFromNumber } from "../model/money.ts";
import type { RiskSettings } from "../model/risk_limits.ts";
import type { HostMessage } from "../protocol/messages.ts";
import { protocolVersion } from "../protocol/messages.ts";
import type { IndexedBook } from "../protocol/codec.ts";
import { recordOffsets } from "../protocol/records.ts";
import type { Sandbox, SandboxSpec } from "../sandbox/sandbox.ts";
import type { StrategyManifest } from "../sdk/manifest.ts";
import type { MarketData } from "../recording/market_data.ts";
import { Recorder, type Recording } from "./recorder.ts";
import { RecordQueue } from "../recording/record_queue.ts";
import { turnsAhead } from "./turns_ahead.ts";
import { type TimedMessage, type Turn, VirtualStrategy } from "./virtual_strategy.ts";
import { defaultResidentStops } from "../execution/exit_plans/resident_stops.ts";
import { defaultLegGroupLimits } from "../model/leg_group.ts";

export interface BacktestOptions {
  readonly sandbox: Sandbox;
  readonly process: Omit<SandboxSpec, "hello">;
  readonly manifest: StrategyManifest;
  /** Checked values of the plugin's settings. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly data: MarketData;
  readonly risk: RiskSettings;
  readonly budget: GrantedBudget;
  readonly depositUsd: number;
  /** From the host to a venue, one way. */
  readonly venueLatencyMs: number;
  /** From the host to the plugin at most: the length of a turn. */
  readonly lookaheadMs: number;
  readonly seed: number;
  readonly log: HostLog;
  /** Not: each turn is taken by itself while exits or triggers wait. The results are the same. @default true */
  readonly playsAhead?: boolean;
  /** Share of the time range that has been played. */
  readonly onProgress?: (share: number) => void;
}

const warmUpUs = 10_000_000;
/** How often the engine looks at limits and time-outs, by what of the plugin's is open. */
const tickUs = { working: 100_000, guarded: 1_000_000, holding: 5_000_000, quiet: 60_000_000 } as const;
const equitySamples = 2_000;
const stopDeadlineMs = 2_000;
/** Records that the plugin may be ahead of the host. */
const aheadRecords = 8_192;
/** Records over which turns are reckoned ahead after the plugin cut the last ones short by asking for something. */
const leastReach = 64;

/** @throws {BerthError} when the plugin can't start or breaks a limit */
export async function runBacktest(options: BacktestOptions): Promise<Recording> {
  const run = new BacktestRun(options);
  return await run.run();
}

class BacktestRun implements EngineDriver {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly #options: BacktestOptions;
  readonly #plugin: PluginId;
  readonly #venues = new Map<VenueId, PaperExchange>();
  readonly #recorder: Recorder;
  readonly #records: RecordQueue;
  readonly #outgoing: HostMessage[] = [];
  #nowUs: number;
  #nextTickUs: number;
  #nextSampleUs: number;
  #reach = leastReach;
  readonly #sampleEveryUs: number;

  constructor(options: BacktestOptions) {
    const { data, risk } = options;
    this.#options = options;
    this.#plugin = options.process.pluginId;
    this.#nowUs = data.fromUs - warmUpUs;
    this.#nextTickUs = this.#nowUs;
    this.#nextSampleUs = data.fromUs;
    this.#sampleEveryUs = Math.max(1_000_000, Math.ceil((data.toUs - data.fromUs) / equitySamples));
    this.clock = {
      epochMs: () => this.#nowUs / 1000,
      epochUs: () => this.#nowUs,
      monotonicMs: () => this.#nowUs / 1000,
    };
    this.engine = new Engine({
      hostTag: "bt",
      nextOrderCounter: 1,
      risk,
      // Nothing is lost on the way to a venue of paper: comparing with it now and then is enough.
      legGroups: { ...defaultLegGroupLimits, maxSweepAgeMs: Infinity },
      residentStops: { ...defaultResidentStops, enabled: false }, // this host does not go down
      timing: { ...defaultTiming, reconcileOrdersEveryMs: 3_600_000, reconcilePositionsEveryMs: 3_600_000 },
      rateBudgets: {},
      defaultRateBudget: { requestsPerSecond: 1_000, burst: 1_000, reservedShare: 0.3 },
    });
    this.#recorder = new Recorder(data.instruments, options.depositUsd);
    this.#records = new RecordQueue(
      data,
      (index, kind) => this.engine.router.subscribers(index, kind).length > 0,
    );
  }

  dispatch(event: EngineEvent): void {
    for (const output of this.engine.handle(event)) this.#carryOut(output);
    this.#nextTickUs = Math.min(this.#nextTickUs, this.#nowUs + tickUs[this.#activity()]);
  }

  // The plugin's process belongs to this run alone: nothing is attached or routed by others.
  attachStrategy(): void {}
  attachAdapter(): void {}
  route(): void {}

  async run(): Promise<Recording> {
    this.#openVenues();
    const { manifest, settings, seed, data, log } = this.#options;
    const hello = {
      type: "hello" as const,
      role: "strategy" as const,
      protocolVersion,
      pluginId: this.#plugin,
      environment: "sim" as const,
      settings,
      secrets: {},
      savedState: null,
      seed,
      heartbeatEveryMs: 1_000,
      timeMode: "virtual" as const,
      epochUs: data.fromUs,
      instruments: data.instruments.map((instrument, index) => ({ index, instrument })),
    };
    const strategy = new VirtualStrategy(this.#options.sandbox, this.#options.process, hello);
    const channel = new StrategyChannel({
      plugin: this.#plugin,
      manifest,
      driver: this,
      log,
      tally: {
        opportunity: (_plugin, message) => this.#recorder.opportunity(message),
        gauge: (_plugin, name, value) => this.#recorder.gauge(name, value),
        panel: () => undefined, // nobody looks
      },
      saveState: () => undefined,
      askHistory: () =>
        Promise.resolve({ kind: "failed", code: "unreachable", details: "a backtest has no venue to ask" }),
      answer: (questionId, answer) => this.#outgoing.push({ type: "history_answer", questionId, answer }),
      onBreach: (reason) => void strategy.process.kill(reason),
    });
    try {
      await strategy.ready();
      this.#nowUs = Math.max(this.#nowUs, data.fromUs);
      this.#startPlugin();
      await this.#playAll(strategy, channel);
    } finally {
      await strategy.process.stop("the data is over", stopDeadlineMs);
    }
    this.#recorder.sample(this.#nowUs, this.engine.snapshot(this.#nowUs));
    return this.#recorder.finish(this.engine.snapshot(this.#nowUs), this.#records.played);
  }

  /** Venues of paper, compared with the engine's empty books before the plugin starts. */
  #openVenues(): void {
    const { data, depositUsd, venueLatencyMs } = this.#options;
    const venues = [...new Set(data.instruments.map((instrument) => instrument.venue))];
    for (const venue of venues) {
      this.#venues.set(
        venue,
        new PaperExchange({
          venue,
          asset: "USD",
          startingBalance: moneyFromNumber(depositUsd / venues.length),
          latencyMs: venueLatencyMs,
          runTag: "bt",
        }),
      );
    }
    for (const instrument of data.instruments) {
      const index = this.engine.registerInstrument(instrument, this.#nowUs);
      this.#venues.get(instrument.venue)?.registerInstrument(index, instrument);
    }
    for (const venue of venues) {
      const tsUs = this.#nowUs;
      this.dispatch({
        kind: "adapter_started",
        tsUs,
        venue,
        hasTrading: true,
        capabilities: { ...paperCapabilities },
      });
      this.#tellHealth(venue);
    }
    this.#play(data.fromUs, []);
  }

  #tellHealth(venue: VenueId): void {
    this.dispatch({
      kind: "venue_health",
      tsUs: this.#nowUs,
      health: {
        venue,
        marketData: "connected",
        privateStream: "connected",
        heartbeatAgeMs: 0,
        updatesPerSecond: 0,
        latencyAverageMs: undefined,
        latencyP99Ms: undefined,
        gaps: 0,
        reconnects: 0,
        tsMs: this.#nowUs / 1000,
      },
    });
  }

  #startPlugin(): void {
    const { manifest, budget } = this.#options;
    this.dispatch({
      kind: "plugin_started",
      tsUs: this.#nowUs,
      plugin: this.#plugin,
      subscriber: 1,
      grant: grantOf(manifest),
      budget,
      onStop: manifest.onStop,
    });
  }

  // ---- turns

  async #playAll(strategy: VirtualStrategy, channel: StrategyChannel): Promise<void> {
    const { data, onProgress } = this.#options;
    const lookaheadUs = this.#options.lookaheadMs * 1000;
    let messages = [...strategy.takeMessages()];
    for (;;) {
      const ahead = await this.#records.fill(aheadRecords);
      for (const batch of ahead) {
        if (batch.kind === "book") strategy.process.pushBook(batch.book);
        else strategy.process.sendRecords(batch.bytes);
      }
      for (const message of this.#outgoing.splice(0)) strategy.process.send(message);
      const ends = this.#turnEnds(lookaheadUs, messages.length > 0);
      const turn = await this.#playThrough(strategy, ends, lookaheadUs);
      this.#play(turn.epochUs, [...messages, ...turn.messages], channel);
      messages = [];
      onProgress?.((turn.epochUs - data.fromUs) / Math.max(1, data.toUs - data.fromUs));
      if (turn.epochUs >= data.toUs && this.#records.isAtEnd) return;
    }
  }

  /** Where the next turns end, in all but the last of which the host has nothing to tell the plugin. At least one. */
  #turnEnds(lookaheadUs: number, hasMessages: boolean): readonly number[] {
    const knownUs = this.#records.isAtEnd ? this.#options.data.toUs : this.#records.lastUs;
    const isTalking = hasMessages || this.#outgoing.length > 0;
    const activity = isTalking ? "working" : this.#activity();
    if (activity === "quiet" || activity === "holding") return [knownUs];
    const ends = activity === "guarded" && this.#options.playsAhead !== false
      ? this.#turnsAhead(lookaheadUs)
      : [];
    if (ends.length > 0) return ends;
    const nextUs = Math.min(this.#records.nextUs, this.#nextVenueUs());
    return [Math.min(knownUs, Math.max(this.#nowUs + lookaheadUs, nextUs))];
  }

  #turnsAhead(lookaheadUs: number): readonly number[] {
    const { instruments } = this.#options.data;
    return turnsAhead({
      records: this.#records,
      nowUs: this.#nowUs,
      lookaheadUs,
      outlook: this.engine.outlook(this.#nextTickUs),
      fundingDueMs: (index) => {
        const instrument = instruments[index];
        return instrument === undefined
          ? NaN
          : this.#venues.get(instrument.venue)?.fundingDueMs(index) ?? NaN;
      },
      maxRecords: this.#reach,
    });
  }

  /** Lets the plugin play up to the last of the turns' ends, or to the end of that in which it asks for something. */
  async #playThrough(strategy: VirtualStrategy, ends: readonly number[], lookaheadUs: number): Promise<Turn> {
    const lastUs = ends.at(-1) ?? this.#nowUs;
    if (ends.length === 1) return await strategy.runUntil(lastUs, lookaheadUs);
    // It pauses where it asks, for only now is it known which turn that falls into.
    const turn = await strategy.runUntil(lastUs, 0);
    if (turn.epochUs >= lastUs) {
      this.#reach = Math.min(aheadRecords, this.#reach * 2);
      return turn;
    }
    this.#reach = leastReach;
    const endUs = ends.find((oneUs) => oneUs >= turn.epochUs) ?? lastUs;
    const rest = await strategy.runUntil(Math.min(endUs, turn.epochUs + lookaheadUs), lookaheadUs);
    return { epochUs: rest.epochUs, messages: [...turn.messages, ...rest.messages] };
  }

  /** Plays the host's side up to a moment: venues, data, what the plugin said, ticks, in the order of their times. */
  #play(untilUs: number, messages: readonly TimedMessage[], channel?: StrategyChannel): void {
    let place = 0;
    for (;;) {
      const message = messages[place];
      const venueUs = this.#nextVenueUs();
      const recordUs = this.#records.nextUs;
      const messageUs = message === undefined ? Infinity : Math.max(message.tsUs, this.#nowUs);
      const nextUs = Math.min(venueUs, recordUs, messageUs, this.#nextTickUs);
      if (nextUs > untilUs) break;
      this.#nowUs = Math.max(this.#nowUs, nextUs);
      if (venueUs <= nextUs) this.#advanceVenues();
      else if (recordUs <= nextUs) this.#playNext();
      else if (message !== undefined && messageUs <= nextUs) {
        place++;
        channel?.onMessage(message.message);
      } else this.#tick();
    }
    this.#nowUs = Math.max(this.#nowUs, untilUs);
  }

  #nextVenueUs(): number {
    let nextUs = Infinity;
    for (const venue of this.#venues.values()) nextUs = Math.min(nextUs, venue.nextDueUs());
    return nextUs;
  }

  #advanceVenues(): void {
    for (const venue of this.#venues.values()) {
      for (const event of venue.advance(this.#nowUs)) this.dispatch({ ...event, tsUs: this.#nowUs });
    }
    this.#tick(); // what follows from it for the plugin's account is told now, before it plays far ahead
  }

  #tick(): void {
    this.#nextTickUs = Infinity;
    this.dispatch({ kind: "tick", tsUs: this.#nowUs });
  }

  /**
   * What of the plugin's is open: with orders out or a group to be made whole anything may come back at any time, with
   * exits armed or triggers waiting at any quote, with a bare position nothing: its loss limits are looked at, but change
   * no order.
   */
  #activity(): keyof typeof tickUs {
    const { workingOrders, unsettledGroups, openPositions, guards } = this.#recorder;
    if (workingOrders > 0 || unsettledGroups > 0 || this.#nextVenueUs() < Infinity) return "working";
    if (guards > 0) return "guarded";
    return openPositions > 0 ? "holding" : "quiet";
  }

  #playNext(): void {
    if (this.#nowUs >= this.#nextSampleUs) {
      this.#nextSampleUs = this.#nowUs + this.#sampleEveryUs;
      this.#recorder.sample(this.#nowUs, this.engine.snapshot(this.#nowUs));
    }
    const book = this.#records.takeBook();
    if (book === undefined) this.#playRecord();
    else this.#playBook(book);
  }

  #playRecord(): void {
    const { view, at } = this.#records.takeRecord();
    const index = view.getUint32(at + recordOffsets.index, true);
    const instrument = this.#options.data.instruments[index];
    if (instrument === undefined) return;
    takeRecord(view, at, index, this.#nowUs, this.engine, this.#venues.get(instrument.venue));
    if (this.engine.isReviewDue) this.dispatch({ kind: "quotes_due", tsUs: this.#nowUs });
  }

  #playBook({ index, ...update }: IndexedBook): void {
    const instrument = this.#options.data.instruments[index];
    if (instrument === undefined) return;
    this.#venues.get(instrument.venue)?.onBook(index, update, this.#nowUs);
    this.dispatch({ kind: "book", tsUs: this.#nowUs, update: { ...update, instrument: instrument.id } });
  }

  // ---- what the engine decides

  #carryOut(output: EngineOutput): void {
    switch (output.kind) {
      case "journal":
        return this.#recorder.entry(output.entry);
      case "adapter_request":
        return this.#venues.get(output.venue)?.request(output.requestId, output.request, this.#nowUs);
      case "to_plugin":
        this.#outgoing.push(pluginMessage(output.message));
        return;
      case "notice":
        return this.#recorder.notice(output.code);
      case "shutdown_complete":
      case "kill_report":
        return;
      default:
        return output satisfies never;
    }
  }
}
