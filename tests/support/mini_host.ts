/**
 * The real plugin manager, engine and sandbox around plugins of a test, with two made-up venues `alpha` and `beta`
 * whose quotes the test sends. No adapter and no journal file: an order that passes the gate is never answered.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Engine } from "../../core/engine/engine.ts";
import { defaultRateBudget, defaultTiming } from "../../core/engine/events.ts";
import type { EngineSnapshot } from "../../core/engine/snapshot.ts";
import { defaultPluginConfig, type PluginConfig } from "../../core/host/config/config.ts";
import { findPlugins, type PluginSource } from "../../core/host/plugins/discovery.ts";
import { Driver } from "../../core/host/engine_driver.ts";
import { FolderWatch } from "../../core/host/plugins/folder_watch.ts";
import { emptyGrantBook, type GrantBook } from "../../core/host/plugins/grants.ts";
import type { AccessResult } from "../../core/host/venues/modes.ts";
import { PaperDesk } from "../../core/host/venues/paper_desk.ts";
import { PluginManager, type PluginState, type PluginView } from "../../core/host/plugins/plugin_manager.ts";
import type { LogFields } from "../../core/host/ports.ts";
import type { SecretsResult } from "../../core/host/config/secrets.ts";
import { systemClock } from "../../core/host/system_clock.ts";
import type { JournalRecord, JournalWriter } from "../../core/journal/writer.ts";
import { venueId } from "../../core/model/ids.ts";
import type { Instrument } from "../../core/model/instrument.ts";
import type { Panel } from "../../core/model/panel.ts";
import { recordBytes, recordKinds, writeRecord } from "../../core/protocol/records.ts";
import type { ExchangeManifest } from "../../core/sdk/manifest.ts";
import { testInstrument } from "../../core/sdk/testing.ts";
import { defaultRiskSettings } from "../../core/risk/settings.ts";
import type { Sandbox } from "../../core/sandbox/sandbox.ts";
import type { SandboxKind } from "../../core/sandbox/kind_names.ts";
import { createSandbox } from "../../core/sandbox/kinds.ts";

export const projectDir = fileURLToPath(new URL("../../", import.meta.url));

export interface LogLine {
  readonly level: string;
  readonly source: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** An instrument of a made-up venue: tick 0.1, lot 0.001. */
export const madeUpInstrument = (venue: string, symbol: string): Instrument =>
  testInstrument(`${venue}:${symbol}`, { makerFeeBps: 0, takerFeeBps: 2 });

/** Keeps records in memory; everything is durable at once. */
export function memoryJournal(records: JournalRecord[]): JournalWriter {
  const counters = new Map<string, number>();
  const peekCounter = (name: string): number => counters.get(name) ?? 1;
  return {
    notices: [],
    kept: [],
    append: (record) => void records.push(record),
    appendDurable: (record) => Promise.resolve(void records.push(record)),
    durable: () => Promise.resolve(),
    keep: () => undefined,
    nextCounter(name) {
      const next = peekCounter(name);
      counters.set(name, next + 1);
      return next;
    },
    peekCounter,
    raiseCounter: (name, atLeast) => void counters.set(name, Math.max(peekCounter(name), atLeast)),
    startRun: () => undefined,
    pending: 0,
    close: () => Promise.resolve(),
  };
}

export type { SandboxKind };

export interface MiniHostOptions {
  /** @default "process" */
  readonly sandboxKind?: SandboxKind;
  /** Puts something between host and sandbox. */
  readonly wrapSandbox?: (sandbox: Sandbox) => Sandbox;
  /** Folders whose plugins need no approval; default none. */
  readonly trustedFolders?: readonly string[];
  readonly configOf?: (id: string) => PluginConfig;
  /** Lets adapters run too, with these addresses and secrets. */
  readonly accessOf?: (manifest: ExchangeManifest) => AccessResult;
  /** Gives each venue an account that fills orders against the quotes; default none, so that every order is refused. */
  readonly hasAccounts?: boolean;
  readonly grants?: GrantBook;
  readonly secretsOf?: (names: readonly string[]) => SecretsResult;
  /** Made-up venues; default alpha and beta. */
  readonly venues?: readonly string[];
  /** Instruments of each; default BTC-PERP and ETH-PERP, more are made up. */
  readonly symbolsPerVenue?: number;
}

export class MiniHost {
  readonly gauges = new Map<string, number>();
  readonly panels = new Map<string, Panel>();
  readonly lines: LogLine[] = [];
  readonly states: { readonly id: string; readonly state: PluginState; readonly atMs: number }[] = [];
  readonly records: JournalRecord[] = [];
  readonly manager: PluginManager;
  readonly #driver: Driver;
  readonly #hasAccounts: boolean;
  readonly #desks: PaperDesk[] = [];
  readonly #filesFolder = Deno.makeTempDirSync();
  #watch: FolderWatch | undefined;
  readonly #waiting = new Set<() => void>();
  readonly #record = new Uint8Array(recordBytes);
  #sequence = 0;
  #pump: ReturnType<typeof setInterval> | undefined;
  #ticker: ReturnType<typeof setInterval> | undefined;

  constructor(options: MiniHostOptions = {}) {
    this.#hasAccounts = options.hasAccounts ?? false;
    const clock = systemClock();
    const engine = new Engine({
      hostTag: "test",
      nextOrderCounter: 1,
      risk: defaultRiskSettings,
      timing: defaultTiming,
      rateBudgets: {},
      defaultRateBudget,
    });
    const log = {
      write: (level: string, source: string, message: string, fields: LogFields = {}): void => {
        this.lines.push({ level, source, message, fields });
        this.#changed();
      },
    };
    this.#driver = new Driver({
      engine,
      clock,
      journal: memoryJournal(this.records),
      log,
      onNotice: () => undefined,
      onShutdownComplete: () => undefined,
      onOrder: () => undefined,
      onFill: () => undefined,
      onPosition: () => undefined,
      onJournalLost: (error) => {
        throw error;
      },
    });
    this.manager = new PluginManager({
      pace: undefined,
      clock,
      sandbox: (options.wrapSandbox ?? ((sandbox) => sandbox))(
        createSandbox(options.sandboxKind ?? "process", { clock, projectDir }),
      ),
      driver: this.#driver,
      log,
      tally: {
        opportunity: () => undefined,
        panel: (plugin, panel) => void this.panels.set(plugin, panel),
        gauge: (plugin, name, value) => void this.gauges.set(`${plugin}/${name}`, value),
      },
      environment: "sim",
      seed: 1,
      grants: options.grants ?? emptyGrantBook,
      bundledFolders: [join(projectDir, "exchanges")],
      trustedFolders: options.trustedFolders ?? [],
      configOf: options.configOf ?? (() => defaultPluginConfig),
      symbols: undefined,
      instrumentNames: () => ({}),
      filesFolder: this.#filesFolder,
      guardedPaths: { secret: [this.#filesFolder], code: [projectDir] },
      secretsOf: options.secretsOf ?? (() => ({ kind: "found", values: {} })),
      accessOf: options.accessOf ?? (() => ({ kind: "impossible", what: "no adapters here", fix: "" })),
      paperDesk: (venue) =>
        new PaperDesk({ venue, driver: this.#driver, depositUsd: 100_000, runTag: "test" }),
      savedState: () => undefined,
      keepState: () => undefined,
      onState: (id, state) => {
        this.states.push({ id, state, atMs: performance.now() });
        this.#changed();
      },
    });
    const symbols = Array.from(
      { length: options.symbolsPerVenue ?? 2 },
      (_, index) => ["BTC-PERP", "ETH-PERP"][index] ?? `X${index}-PERP`,
    );
    for (const venue of options.venues ?? ["alpha", "beta"]) {
      for (const symbol of symbols) {
        engine.registerInstrument(madeUpInstrument(venue, symbol), clock.epochUs());
      }
    }
  }

  /** From now on the host follows what happens in the folder. */
  watch(folder: string): void {
    this.#watch = new FolderWatch({
      folders: [folder],
      log: {
        write: (level, source, message, fields = {}) => this.lines.push({ level, source, message, fields }),
      },
      monotonicMs: () => this.#driver.clock.monotonicMs(),
      onChange: (found) => this.manager.follow([folder], found),
    });
  }

  /** What the engine knows now. */
  snapshot(): EngineSnapshot {
    return this.#driver.engine.snapshot(this.#driver.clock.epochUs());
  }

  /** Probes and starts the plugins of a folder, with quotes flowing every `quoteEveryMs`. */
  async start(folder: string, quoteEveryMs = 10, adapters: readonly PluginSource[] = []): Promise<void> {
    await this.manager.probeAll([...adapters, ...(await findPlugins(folder))]);
    for (const venue of ["alpha", "beta"]) this.#startVenue(venue);
    this.#pump = setInterval(() => this.quote(), quoteEveryMs);
    this.#ticker = setInterval(
      () => this.#driver.dispatch({ kind: "tick", tsUs: this.#driver.clock.epochUs() }),
      100,
    );
    this.manager.startAll();
  }

  #startVenue(name: string): void {
    const { engine, clock } = this.#driver;
    const venue = venueId(name);
    if (this.#hasAccounts) {
      const desk = new PaperDesk({ venue, driver: this.#driver, depositUsd: 100_000, runTag: "test" });
      for (let index = 0; engine.instrument(index) !== undefined; index++) desk.onInstrument(index);
      desk.open();
      this.#desks.push(desk);
      this.#driver.attachAdapter(name, desk.request);
    }
    const tsUs = clock.epochUs();
    this.#driver.dispatch({ kind: "adapter_started", tsUs, venue, hasTrading: true, capabilities: {} });
    if (!this.#hasAccounts) return;
    this.#driver.dispatch({
      kind: "venue_health",
      tsUs,
      health: {
        venue,
        tsMs: clock.epochMs(),
        marketData: "connected",
        privateStream: "connected",
        heartbeatAgeMs: 0,
        updatesPerSecond: 100,
        latencyAverageMs: undefined,
        latencyP99Ms: undefined,
        gaps: 0,
        reconnects: 0,
      },
    });
  }

  /** One quote on each instrument. */
  quote(): void {
    const { engine, clock } = this.#driver;
    const view = new DataView(this.#record.buffer);
    this.#sequence += 1;
    for (let index = 0; engine.instrument(index) !== undefined; index++) {
      const tsUs = clock.epochUs();
      engine.onQuote(index, 99.9, 10, 100.1, 10, this.#sequence, tsUs / 1000, tsUs, "stream");
      if (this.#hasAccounts) engine.onMark(index, 100, 100, NaN, NaN, this.#sequence, tsUs / 1000, tsUs);
      for (const desk of this.#desks) desk.market.onQuote(index, 99.9, 10, 100.1, 10, tsUs);
      writeRecord(
        view,
        0,
        recordKinds.quote,
        0,
        index,
        this.#sequence,
        tsUs / 1000,
        tsUs,
        99.9,
        10,
        100.1,
        10,
      );
      this.#driver.route(index, "quotes", this.#record, 0);
    }
  }

  /** Quotes of a venue that reached the engine. */
  quotesRead(venue: string): number {
    const { engine, clock } = this.#driver;
    return engine.snapshot(clock.epochUs()).quotes.filter((quote) => quote.instrument.startsWith(`${venue}:`))
      .reduce((sum, quote) => sum + quote.updates, 0);
  }

  view(id: string): PluginView | undefined {
    return this.manager.views().find((plugin) => plugin.id === id);
  }

  /** Resolves with what `pick` finds, looking again whenever a line or a state comes. */
  async until<T>(what: string, pick: () => T | undefined, patienceMs = 20_000): Promise<T> {
    const found = pick();
    if (found !== undefined) return found;
    return await new Promise((resolve, reject) => {
      const look = (): void => {
        const now = pick();
        if (now === undefined) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(now);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(
          new Error(
            `waited in vain for ${what}; last lines: ${JSON.stringify(this.lines.slice(-8))}; states: ${
              JSON.stringify(this.states.slice(-6))
            }`,
          ),
        );
      }, patienceMs);
      this.#waiting.add(look);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch?.[Symbol.dispose]();
    clearInterval(this.#pump);
    clearInterval(this.#ticker);
    for (const desk of this.#desks) desk.close();
    await this.manager.killAll();
    await Deno.remove(this.#filesFolder, { recursive: true });
  }

  #changed(): void {
    for (const look of [...this.#waiting]) look();
  }
}
