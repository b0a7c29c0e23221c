/**
 * One venue under examination: its real adapter in its sandbox, an engine of its own with the configured limits, and,
 * where an order was asked for, the strategy that places it. Nothing of the host's own data folder is touched.
 */
import { join } from "node:path";
import { Engine } from "../../engine/engine.ts";
import { defaultRateBudget, defaultTiming } from "../../engine/events.ts";
import type { EngineSnapshot } from "../../engine/snapshot.ts";
import { type JournalWriter, openJournal } from "../../journal/writer.ts";
import type { Clock } from "../../model/clock.ts";
import { pluginId, type VenueId, venueId } from "../../model/ids.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { Environment, ExchangeManifest } from "../../sdk/manifest.ts";
import { defaultPluginConfig, type HostConfig, journalPath, type PluginConfig } from "../config/config.ts";
import type { PluginSource } from "../plugins/discovery.ts";
import { Driver } from "../engine_driver.ts";
import type { GrantBook } from "../plugins/grants.ts";
import type { AccessResult } from "../venues/modes.ts";
import { PaperDesk } from "../venues/paper_desk.ts";
import { PluginManager, type PluginView } from "../plugins/plugin_manager.ts";
import type { HostLog, LogFields, LogLevel } from "../ports.ts";

/**
 * Values of adapters' settings under which an adapter looks on and changes nothing for a host that uses the same
 * account: a dead man's switch covers the whole account, and its disarming too.
 */
const bystanderSettings: Readonly<Record<string, unknown>> = { deadMansSwitchSeconds: 0 };

export interface PatientOptions {
  readonly venue: string;
  readonly environment: Environment;
  readonly config: HostConfig;
  readonly grants: GrantBook;
  readonly clock: Clock;
  readonly sandbox: Sandbox;
  readonly seed: number;
  /** Symbols that the adapter is to publish. */
  readonly symbols: readonly string[];
  readonly exchange: PluginSource;
  readonly exchangesFolder: string;
  readonly accessOf: (manifest: ExchangeManifest) => AccessResult;
}

/** One line of the adapter, the probe or the engine. */
export interface Line {
  readonly level: LogLevel;
  readonly source: string;
  readonly message: string;
  readonly fields: LogFields;
}

const tickEveryMs = 100;
const pollEveryMs = 25;
const maxLines = 500;

export class Patient implements AsyncDisposable {
  readonly venue: VenueId;
  readonly lines: Line[] = [];
  readonly #options: PatientOptions;
  readonly #folder: string;
  readonly #journal: JournalWriter;
  readonly #engine: Engine;
  readonly #driver: Driver;
  readonly #managers: PluginManager[] = [];
  readonly #ticker: ReturnType<typeof setInterval>;
  #lost: string | undefined;

  static async open(options: PatientOptions): Promise<Patient> {
    const folder = await Deno.makeTempDir({ prefix: "berth-doctor-" });
    const journal = await openJournal({
      path: journalPath(folder),
      clock: options.clock,
      durability: "process_crash",
      onFailure: () => undefined,
    });
    return new Patient(options, folder, journal);
  }

  private constructor(options: PatientOptions, folder: string, journal: JournalWriter) {
    const { clock, config, seed } = options;
    this.venue = venueId(options.venue);
    this.#options = options;
    this.#folder = folder;
    this.#journal = journal;
    this.#engine = new Engine({
      hostTag: `d${
        (crypto.getRandomValues(new Uint16Array(1))[0] ?? 0).toString(36).slice(-3).padStart(3, "0")
      }`,
      nextOrderCounter: 1,
      risk: config.risk,
      timing: defaultTiming,
      rateBudgets: {},
      defaultRateBudget,
    });
    journal.startRun({
      runId: crypto.randomUUID(),
      environment: options.environment,
      seed,
      version: "doctor",
      tsStartMs: clock.epochMs(),
    });
    this.#driver = new Driver({
      engine: this.#engine,
      clock,
      journal,
      log: this.#log,
      onNotice: () => undefined,
      onKillReport: () => undefined,
      onShutdownComplete: () => undefined,
      onJournalLost: (error) => (this.#lost = String(error)),
      onOrder: () => undefined,
      onFill: () => undefined,
      onPosition: () => undefined,
    });
    this.#ticker = setInterval(
      () => this.#driver.dispatch({ kind: "tick", tsUs: clock.epochUs() }),
      tickEveryMs,
    );
  }

  /** Reads the adapter's manifest and starts it, as far as it may. */
  async startAdapter(): Promise<void> {
    const manager = this.#manager(() => ({}));
    await manager.probeAll([this.#options.exchange]);
    manager.startAll();
  }

  /** Starts a strategy beside the adapter. */
  async startStrategy(
    source: PluginSource,
    folder: string,
    settings: Readonly<Record<string, unknown>>,
    grants: GrantBook,
  ): Promise<PluginView | undefined> {
    const manager = this.#manager(() => settings, grants, folder);
    await manager.probeAll([source]);
    manager.startAll();
    return manager.views()[0];
  }

  get adapter(): PluginView | undefined {
    return this.#managers[0]?.views()[0];
  }

  get questions(): PluginManager["questions"] | undefined {
    return this.#managers[0]?.questions;
  }

  snapshot(): EngineSnapshot {
    return this.#engine.snapshot(this.#options.clock.epochUs());
  }

  /** Lines that are worth repeating, newest last. */
  troubles(): readonly Line[] {
    return this.lines.filter(({ level }) => level === "warn" || level === "error");
  }

  /** Polls until `pick` gives something; undefined after this time. */
  async until<T>(pick: () => T | undefined, timeoutMs: number): Promise<T | undefined> {
    const { clock } = this.#options;
    const endMs = clock.monotonicMs() + timeoutMs;
    for (;;) {
      const picked = pick();
      if (picked !== undefined || this.#lost !== undefined || clock.monotonicMs() > endMs) return picked;
      await new Promise((resolve) => setTimeout(resolve, pollEveryMs));
    }
  }

  async stopStrategies(): Promise<void> {
    for (const manager of this.#managers.slice(1)) await manager.stopStrategies("examined");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopStrategies();
    for (const manager of this.#managers) await manager.stopAdapters("examined");
    clearInterval(this.#ticker);
    for (const manager of this.#managers) await manager.killAll();
    await this.#journal.close({ isClean: true });
    await Deno.remove(this.#folder, { recursive: true });
  }

  readonly #log: HostLog = {
    write: (level, source, message, fields = {}) => {
      this.lines.push({ level, source, message, fields });
      if (this.lines.length > maxLines) this.lines.shift();
    },
  };

  #manager(
    settingsOfStrategy: () => Readonly<Record<string, unknown>>,
    grants: GrantBook = this.#options.grants,
    trustedFolder?: string,
  ): PluginManager {
    const { accessOf, clock, config, environment, exchangesFolder, sandbox, seed, symbols } = this.#options;
    const manager = new PluginManager({
      clock,
      sandbox,
      pace: undefined,
      driver: this.#driver,
      log: this.#log,
      tally: { opportunity: () => undefined, gauge: () => undefined, panel: () => undefined },
      environment,
      seed,
      grants,
      filesFolder: join(this.#folder, "plugin_files"),
      guardedPaths: { secret: [], code: [] }, // its strategies come with berth and ask for no files
      secretsOf: (names) => ({ kind: "missing", names }),
      instrumentNames: (venue) => config.venues.instruments[venue] ?? {},
      bundledFolders: [exchangesFolder],
      trustedFolders: trustedFolder === undefined ? [] : [trustedFolder],
      configOf: (id): PluginConfig => {
        const own = config.plugins[id] ?? defaultPluginConfig;
        const manifest = manager.exchangeManifests.find((one) => one.id === id);
        const quiet = Object.entries(bystanderSettings).filter(([name]) =>
          manifest !== undefined && Object.hasOwn(manifest.settings, name)
        );
        return {
          ...own,
          settings: { ...own.settings, ...Object.fromEntries(quiet), ...settingsOfStrategy() },
        };
      },
      symbols,
      accessOf,
      paperDesk: (venue) =>
        new PaperDesk({
          venue,
          driver: this.#driver,
          depositUsd: config.simulation.depositUsd,
          runTag: pluginId("doctor"),
        }),
      savedState: () => undefined,
      keepState: () => undefined,
      onState: () => undefined,
    });
    this.#managers.push(manager);
    return manager;
  }
}
