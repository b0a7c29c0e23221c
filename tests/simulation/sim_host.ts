/**
 * One start of the host: the real engine, the real driver, the real adapters, on virtual time. Killing it loses all but
 * what its journal has committed; the next one is made from that alone.
 */
import type { ExchangeAdapter, Log, Publish } from "@berth/sdk";
import { Engine } from "../../core/engine/engine.ts";
import { defaultTiming, type EngineEvent, type EngineOutput } from "../../core/engine/events.ts";
import type { EngineSurface } from "../../core/engine/surface.ts";
import { Driver } from "../../core/host/engine_driver.ts";
import type { HostLog } from "../../core/host/ports.ts";
import { restoreRun } from "../../core/host/recovery.ts";
import { knownBooks } from "../../core/host/plugins/plugin_subscriptions.ts";
import { visibleInstruments } from "../../core/host/plugins/strategy_channel.ts";
import type { InstrumentId, PluginId } from "../../core/model/ids.ts";
import type { Instrument } from "../../core/model/instrument.ts";
import type { RiskSettings } from "../../core/model/risk_limits.ts";
import type { HostMessage } from "../../core/protocol/messages.ts";
import { recordBytes, type RecordKind, recordKinds, writeRecord } from "../../core/protocol/records.ts";
import type { SandboxProcess } from "../../core/sandbox/sandbox.ts";
import { answerRequest } from "../../core/sdk/exchange_context.ts";
import type { StrategyManifest } from "../../core/sdk/manifest.ts";
import type { SimulationRandom } from "../../exchanges/simulation/ports.ts";
import { type JournalDisk, MemoryJournal } from "./memory_journal.ts";
import type { SimVenue } from "./sim_venues.ts";
import { SimProcess, type World } from "./virtual_time.ts";

/** What everybody may watch: each event that reaches an engine, with what it led to. */
export interface SimWatcher {
  onEvent(event: EngineEvent, outputs: readonly EngineOutput[]): void;
  onLog(line: string): void;
}

export interface SimHostOptions {
  readonly world: World;
  readonly random: SimulationRandom;
  readonly disk: JournalDisk;
  readonly venues: readonly SimVenue[];
  readonly symbols: readonly string[];
  readonly risk: RiskSettings;
  readonly watcher: SimWatcher;
  /** Order books are wanted of the venues, too. */
  readonly hasBooks: boolean;
  /** Of another berth beside the usual one. */
  readonly hostTag?: string;
  /** How long the machine's wall clock is off, ms. */
  readonly wallOffsetMs: number;
  /** What the adapters say to the engine may be held back a little, and so overtaken. */
  readonly holdBackMs: () => number;
}

/** A plugin whose process reads frames. */
export interface AttachedPlugin {
  readonly plugin: PluginId;
  readonly subscriber: number;
  readonly process: SandboxProcess;
  readonly trading: StrategyManifest["trading"];
}

const pluginStateScope = "plugin_state";
const timing = { ...defaultTiming, reconcileOrdersEveryMs: 3_000, reconcilePositionsEveryMs: 8_000 };

export class SimHost {
  readonly engine: Engine;
  readonly driver: Driver;
  readonly process: SimProcess;
  readonly #options: SimHostOptions;
  readonly #adapters = new Map<string, SimProcess>();
  readonly #instruments = new Map<InstrumentId, Instrument>();
  readonly #journal: MemoryJournal;
  readonly #plugins = new Map<PluginId, AttachedPlugin>();
  readonly #pluginStates = new Map<string, unknown>();
  readonly #record = new Uint8Array(recordBytes);
  readonly #recordView = new DataView(this.#record.buffer);
  #starts = 0;

  constructor(options: SimHostOptions) {
    const { disk, random, risk, watcher, world } = options;
    this.#options = options;
    this.process = new SimProcess(world);
    this.process.jumpClock(options.wallOffsetMs);
    const journal = new MemoryJournal(disk, this.process, () => 0.2 + random.next() * 4);
    this.#journal = journal;
    for (const { scope, key, body } of journal.kept) {
      if (scope === pluginStateScope) this.#pluginStates.set(key, body);
    }
    this.engine = new Engine({
      hostTag: options.hostTag ?? "sim1",
      nextOrderCounter: journal.peekCounter("order"),
      risk,
      residentStops: { enabled: true, marginBps: 8 },
      timing,
      rateBudgets: {},
      defaultRateBudget: { requestsPerSecond: 20, burst: 40, reservedShare: 0.3 },
    });
    const log: HostLog = {
      write: (level, source, message) => {
        if (level !== "debug") watcher.onLog(`${level} ${source}: ${message}`);
      },
    };
    this.driver = new Driver({
      engine: watched(this.engine, watcher),
      clock: this.process,
      journal,
      log,
      onNotice: () => {},
      onShutdownComplete: () => {},
      onOrder: () => {},
      onFill: () => {},
      onPosition: () => {},
      onJournalLost: (error) => watcher.onLog(`error journal: ${String(error)}`),
    });
    restoreRun(journal, disk.reader(), this.driver, log);
    for (const venue of options.venues) this.startAdapter(venue);
    this.process.every(100, () => this.dispatch({ kind: "tick" }));
    this.process.every(5_000, () => {
      for (const baseline of this.engine.checkpoint().baselines) {
        journal.keep("baseline", baseline.scope, baseline);
      }
    });
  }

  /** What the adapters have listed so far. */
  get instruments(): readonly Instrument[] {
    return [...this.#instruments.values()];
  }

  dispatch(event: Untimed<EngineEvent>): void {
    if (this.process.isAlive) this.driver.dispatch({ ...event, tsUs: this.process.epochUs() });
  }

  kill(): void {
    for (const venue of this.#options.venues) this.#cutOff(venue);
    this.process.kill();
  }

  attachStrategy(plugin: PluginId, subscriber: number, hear: (message: HostMessage) => void): void {
    this.driver.attachStrategy(plugin, subscriber, strategyProcess(hear));
  }

  /** A plugin whose process reads frames: it gets market data, and is told of instruments as they are listed. */
  attachPlugin(attached: AttachedPlugin): void {
    for (const book of knownBooks(this.driver, attached)) attached.process.pushBook(book);
    this.#plugins.set(attached.plugin, attached);
    this.driver.attachStrategy(attached.plugin, attached.subscriber, attached.process);
  }

  detachPlugin(plugin: PluginId, subscriber: number): void {
    this.#plugins.delete(plugin);
    this.driver.attachStrategy(plugin, subscriber, undefined);
  }

  /** What a plugin saved last, in this run or one before. */
  pluginState(plugin: PluginId): unknown {
    return this.#pluginStates.get(plugin);
  }

  keepPluginState(plugin: PluginId, value: unknown): void {
    this.#pluginStates.set(plugin, value);
    this.#journal.keep(pluginStateScope, plugin, value);
  }

  #tellInstrument(index: number): void {
    for (const { process, trading } of this.#plugins.values()) {
      const instruments = visibleInstruments(this.driver, { trading }).filter((one) => one.index === index);
      if (instruments.length > 0) process.send({ type: "instruments", instruments });
    }
  }

  /** To whoever reads frames; nothing is written for nobody. */
  #route(
    data: "quotes" | "trades" | "marks",
    kind: RecordKind,
    flag: 0 | 1,
    index: number,
    ...values: readonly [number, number, number, number, number, number, number]
  ): void {
    if (this.#plugins.size === 0) return;
    writeRecord(this.#recordView, 0, kind, flag, index, ...values);
    this.driver.route(index, data, this.#record, 0);
  }

  /** The adapter's process ends by itself and is started again later. */
  crashAdapter(venue: SimVenue, restartAfterMs: number): void {
    this.#cutOff(venue);
    this.driver.attachAdapter(venue.name, undefined);
    this.dispatch({ kind: "adapter_lost", venue: venue.id, reason: "crash" });
    this.process.after(restartAfterMs, () => this.startAdapter(venue));
  }

  #cutOff(venue: SimVenue): void {
    const process = this.#adapters.get(venue.name);
    this.#adapters.delete(venue.name);
    if (process === undefined) return;
    process.kill();
    venue.network.closeAllOf(process);
  }

  startAdapter(venue: SimVenue): void {
    if (this.#adapters.has(venue.name) || !this.process.isAlive) return;
    const { random, symbols, watcher, world, holdBackMs } = this.#options;
    this.#starts += 1;
    const process = new SimProcess(world, this.process);
    this.#adapters.set(venue.name, process);
    const say = (tell: () => void): void => {
      const delayMs = holdBackMs();
      if (!process.isAlive) return;
      if (delayMs > 0) process.after(delayMs, tell);
      else tell();
    };
    const log = logOf(venue.name, watcher, process);
    const adapter = venue.makeAdapter({
      process,
      publish: this.#publish(venue, process, say),
      log,
      random: random.fork(`adapter/${venue.name}/${this.#starts}`),
      symbols,
    });
    this.driver.attachAdapter(venue.name, (requestId, message) => {
      if (message.type === "request" && process.isAlive) {
        void this.#answer(venue, process, adapter, requestId, message, say);
      }
    });
    adapter.start(new AbortController().signal).then(() => {
      if (!process.isAlive) return;
      this.dispatch({
        kind: "adapter_started",
        venue: venue.id,
        hasTrading: adapter.trading !== undefined,
        capabilities: { ...adapter.capabilities },
      });
      const listed = this.instruments.filter((one) => one.venue === venue.id);
      const kinds = ["quotes", "marks", ...(this.#options.hasBooks ? ["books" as const] : [])] as const;
      adapter.marketData.subscribe(listed.map(({ id }) => ({ instrument: id, kinds })));
    }, (error: unknown) => {
      log.error(`did not start: ${String(error)}`);
      if (process.isAlive) this.crashAdapter(venue, 1_000);
    });
  }

  async #answer(
    venue: SimVenue,
    process: SimProcess,
    adapter: ExchangeAdapter,
    requestId: number,
    message: Extract<HostMessage, { readonly type: "request" }>,
    say: (tell: () => void) => void,
  ): Promise<void> {
    const ending = new AbortController();
    const cancel = process.after(message.timeoutMs, () => ending.abort());
    const response = await answerRequest(adapter, message, ending.signal);
    cancel();
    say(() => this.dispatch({ kind: "adapter_response", venue: venue.id, requestId, response }));
  }

  #publish(venue: SimVenue, process: SimProcess, say: (tell: () => void) => void): Publish {
    const { engine } = this;
    /** The host's number by the adapter's own. */
    const indexes: number[] = [];
    const own = new Map<string, number>();
    let sequence = 0;
    const hostIndex = (index: number): number => indexes[index] ?? -1;
    return {
      instrument: (instrument) => {
        const index = own.get(instrument.id) ?? own.size;
        own.set(instrument.id, index);
        if (!process.isAlive) return index;
        const at = engine.registerInstrument(instrument, process.epochUs());
        indexes[index] = at;
        this.#instruments.set(instrument.id, instrument);
        this.#tellInstrument(at);
        return index;
      },
      quote: (index, bid, bidSize, ask, askSize, tsVenueMs, tsRecvUs, source) => {
        if (!process.isAlive) return;
        const at = hostIndex(index);
        engine.onQuote(at, bid, bidSize, ask, askSize, ++sequence, tsVenueMs, tsRecvUs, source);
        const flag = source === "rest" ? 1 : 0;
        const values = [sequence, tsVenueMs, tsRecvUs, bid, bidSize, ask, askSize] as const;
        this.#route("quotes", recordKinds.quote, flag, at, ...values);
      },
      trade: (index, side, price, size, tsVenueMs, tsRecvUs) => {
        if (process.isAlive) {
          engine.onTrade(hostIndex(index), side, price, size, ++sequence, tsVenueMs, tsRecvUs);
        }
      },
      mark: (index, mark, indexPrice, rate, tsNextMs, tsVenueMs, tsRecvUs) => {
        if (!process.isAlive) return;
        const at = hostIndex(index);
        engine.onMark(at, mark, indexPrice, rate, tsNextMs, ++sequence, tsVenueMs, tsRecvUs);
        const values = [sequence, tsVenueMs, tsRecvUs, mark, indexPrice, rate, tsNextMs] as const;
        this.#route("marks", recordKinds.mark, 0, at, ...values);
      },
      book: (update) => {
        const at = engine.indexOf(update.instrument);
        if (!process.isAlive || at === undefined) return;
        const book = { ...update, sequence: ++sequence };
        this.dispatch({ kind: "book", update: book });
        for (const subscriber of engine.router.subscribers(at, "books")) {
          for (const plugin of this.#plugins.values()) {
            if (plugin.subscriber === subscriber) plugin.process.pushBook({ ...book, index: at });
          }
        }
      },
      statistics: () => {},
      order: (report) => say(() => this.dispatch({ kind: "order_report", venue: venue.id, report })),
      fill: (fill) => say(() => this.dispatch({ kind: "fill_report", venue: venue.id, fill })),
      position: (position) =>
        say(() => this.dispatch({ kind: "position_report", venue: venue.id, position })),
      balance: (balance) => say(() => this.dispatch({ kind: "balance_report", venue: venue.id, balance })),
      funding: (payment) => say(() => this.dispatch({ kind: "funding_report", venue: venue.id, payment })),
      health: (health) => {
        if (!process.isAlive) return;
        this.dispatch({
          kind: "venue_health",
          health: { ...health, venue: venue.id, tsMs: process.epochMs() },
        });
      },
      privateStreamRestored: () => {
        if (process.isAlive) this.dispatch({ kind: "private_stream_restored", venue: venue.id });
      },
    };
  }
}

export type Untimed<T> = T extends unknown ? Omit<T, "tsUs"> : never;

/** The engine with somebody looking over its shoulder. */
function watched(engine: Engine, watcher: SimWatcher): EngineSurface {
  return {
    router: engine.router,
    registerInstrument: (instrument, tsUs) => engine.registerInstrument(instrument, tsUs),
    instrument: (index) => engine.instrument(index),
    indexOf: (id) => engine.indexOf(id),
    orderBook: (index) => engine.orderBook(index),
    get isReviewDue() {
      return engine.isReviewDue;
    },
    onQuote: (...quote) => engine.onQuote(...quote),
    onTrade: (...trade) => engine.onTrade(...trade),
    onMark: (...mark) => engine.onMark(...mark),
    handle: (event, monotonicUs) => {
      const outputs = engine.handle(event, monotonicUs);
      watcher.onEvent(event, outputs);
      return outputs;
    },
    snapshot: (tsUs) => engine.snapshot(tsUs),
  };
}

function strategyProcess(hear: (message: HostMessage) => void): SandboxProcess {
  const never = new Promise<never>(() => {});
  return {
    pid: 0,
    send: hear,
    push: () => {},
    pushBook: () => {},
    sendRecords: () => {},
    usage: () => ({
      cpuShare: 0,
      rssBytes: 0,
      heapUsedBytes: 0,
      loopDelayMs: 0,
      heartbeatAgeMs: 0,
      conflatedRecords: 0,
      droppedTrades: 0,
    }),
    stop: () => never,
    kill: () => never,
    exited: never,
  };
}

function logOf(name: string, watcher: SimWatcher, process: SimProcess): Log {
  const at = (level: string) => (message: string, fields?: unknown): void => {
    if (process.isAlive) watcher.onLog(`${level} ${name}: ${message} ${JSON.stringify(fields ?? {})}`);
  };
  return { debug: () => {}, info: at("info"), warn: at("warn"), error: at("error") };
}
