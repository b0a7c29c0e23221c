/**
 * The composition root: makes every part, hands each what it needs, and takes it all down again. Nothing else in the
 * host constructs its own collaborators, reads the clock or the environment.
 */
import { join } from "node:path";
import { Engine } from "../engine/engine.ts";
import { type Claims, defaultRateBudget, defaultTiming, type ShutdownRemains } from "../engine/events.ts";
import { BerthError, describeError } from "../errors.ts";
import { acquireHostLock } from "../journal/host_lock.ts";
import { openJournalReader } from "../journal/reader.ts";
import { type JournalWriter, openJournal } from "../journal/writer.ts";
import type { Clock } from "../model/clock.ts";
import { tickLotMoney, zeroMoney } from "../model/money.ts";
import { pluginId } from "../model/ids.ts";
import type { KillReport } from "../model/kill_report.ts";
import type { RunInfo } from "../terminal/ports.ts";
import { openTerminalSession, type TerminalSession } from "../terminal/terminal_session.ts";
import { sandboxKindOf } from "../sandbox/kind_names.ts";
import { createSandbox } from "../sandbox/kinds.ts";
import { checkPort } from "./console_server.ts";
import { type OperatorConsole, operatorConsole, type OperatorConsoleParts } from "./operator_console.ts";
import type { ConsoleRun } from "../console/ports.ts";
import {
  defaultPluginConfig,
  environmentFolder,
  type HostConfig,
  isVenueEnabled,
  journalPath,
} from "./config.ts";
import { watchConfig } from "./config_watch.ts";
import { findPlugins, type PluginSource } from "./discovery.ts";
import { DisplayFeed } from "./display_feed.ts";
import { Driver } from "./engine_driver.ts";
import { FolderWatch } from "./folder_watch.ts";
import { grantsPath, readGrants } from "./grants.ts";
import { watchGrants } from "./grants_watch.ts";
import type { ExchangeManifest, RequestBudget } from "../sdk/manifest.ts";
import { type AccessResult, adapterAccess } from "./modes.ts";
import { exitCodes, type HostOptions } from "./options.ts";
import { KillSwitch } from "./kill_switch.ts";
import { MarketRecorder } from "./market_recorder.ts";
import { PaperDesk } from "./paper_desk.ts";
import { PluginManager } from "./plugin_manager.ts";
import { exchangesFolder, projectFolder } from "./project_folder.ts";
import { forgetAccounts, isSameWorld, restoreDecisions, restoreRun } from "./recovery.ts";
import { type ExactSummary, summarize } from "./run_summary.ts";
import { readSecrets, type Secrets, secretsNamed, type SecretsResult } from "./secrets.ts";
import { attachSimulation, type Simulation, startSimulation } from "./simulation_process.ts";
import type { HostLog } from "./ports.ts";
import { systemClock, systemScheduler } from "./system_clock.ts";

const tickEveryMs = 100;
const shutdownDeadlineMs = 5_000;
const flattenDeadlineMs = 5_000;
const consoleAfterMs = 5_000;
const keepBaselinesEveryMs = 5_000;

/** Runs the host until a signal, the end of its duration, or a failure; resolves with the process's exit code. */
export async function runHost(options: HostOptions): Promise<number> {
  const clock = systemClock();
  const dataDir = environmentFolder(options.config.dataDir, options.environment);
  using _lock = acquireHostLock(dataDir, { pid: Deno.pid });
  const secrets = await readSecrets(options.envFile, Deno.env);
  const host = new Host(options, clock, dataDir, secrets);
  try {
    await host.start();
    return await host.untilEnd();
  } finally {
    await host.release();
  }
}

/**
 * Where no host runs: starts the adapters alone, throws the kill switch, and ends with what the venues said was left. The
 * halt is kept; the next start finds it.
 */
export async function runKill(options: HostOptions, flatten: boolean): Promise<KillReport> {
  const clock = systemClock();
  const dataDir = environmentFolder(options.config.dataDir, options.environment);
  using _lock = acquireHostLock(dataDir, { pid: Deno.pid });
  const secrets = await readSecrets(options.envFile, Deno.env);
  const host = new Host({ ...options, strategies: "none" }, clock, dataDir, secrets);
  try {
    await host.start();
    return await host.kill("cli", flatten);
  } finally {
    await host.release();
  }
}

class Host {
  readonly #options: HostOptions;
  readonly #clock: Clock;
  readonly #dataDir: string;
  readonly #secrets: Secrets;
  /** By venue, from the adapters' manifests; whole before the first adapter starts. */
  readonly #rateBudgets: Record<string, RequestBudget> = {};
  readonly #tsStartMs: number;
  readonly #remains = Promise.withResolvers<ShutdownRemains>();
  readonly #failed = Promise.withResolvers<unknown>();
  #journal: JournalWriter | undefined;
  #simulation: Simulation | undefined;
  #manager: PluginManager | undefined;
  #driver: Driver | undefined;
  #feed: DisplayFeed | undefined;
  #session: TerminalSession | undefined;
  #log: HostLog | undefined;
  #runId = "";
  #ticker: ReturnType<typeof setInterval> | undefined;
  #engine: Engine | undefined;
  #baselinesKeptMs = -Infinity;
  readonly #watches = new DisposableStack();
  #killSwitch: KillSwitch | undefined;
  #console: OperatorConsole | undefined;
  #isConsoleBegun = false;
  #recorder: MarketRecorder | undefined;
  /** How late the ticks came at worst since the console was last told. */
  #loopDelayMs = 0;
  #tickedMs = Infinity;
  #hasQuotes = false;
  #isStopping = false;
  #isClean = false;

  constructor(options: HostOptions, clock: Clock, dataDir: string, secrets: Secrets) {
    this.#options = options;
    this.#clock = clock;
    this.#dataDir = dataDir;
    this.#secrets = secrets;
    this.#tsStartMs = clock.monotonicMs();
  }

  async start(): Promise<void> {
    const { config, environment, seed, version, strategies: wanted } = this.#options;
    if (config.console.enabled && wanted === "all") checkPort(config.console.address, config.console.port);
    const kind = sandboxKindOf(config.sandbox, Deno.build.standalone) ?? "worker-in-process";
    const sandbox = createSandbox(kind, { clock: this.#clock, projectDir: projectFolder });
    const [journal, exchanges, strategies, grants] = await Promise.all([
      openJournal({
        path: journalPath(this.#dataDir),
        clock: this.#clock,
        durability: config.journal.durability ?? (environment === "live" ? "power_loss" : "process_crash"),
        onFailure: (error) => this.#failed.resolve(error),
      }),
      findPlugins(exchangesFolder),
      this.#findStrategies(),
      readGrants(grantsPath(config.dataDir)),
    ]);
    this.#journal = journal;
    const runId = crypto.randomUUID();
    this.#runId = runId;
    journal.startRun({ runId, environment, seed, version, tsStartMs: this.#clock.epochMs() });
    const engine = new Engine({
      hostTag: hostTag(journal),
      claims: claimsOf(config.claims),
      nextOrderCounter: journal.peekCounter("order"),
      risk: config.risk,
      timing: defaultTiming,
      rateBudgets: this.#rateBudgets,
      defaultRateBudget,
    });
    this.#engine = engine;
    const feed = new DisplayFeed({
      engine,
      clock: this.#clock,
      manager: () => this.#manager,
      run: () => this.#runInfo(),
    });
    this.#feed = feed;
    const session = openTerminalSession({
      output: this.#options.output,
      clock: this.#clock,
      scheduler: systemScheduler,
      log: { level: config.log.level, format: this.#options.logFormat },
      display: config.display,
      snapshot: () => feed.snapshot(),
    });
    this.#session = session;
    const log: HostLog = {
      write: (level, source, message, fields = {}) => session.log[level](message, { source, ...fields }),
    };
    this.#log = log;
    const driver = new Driver({
      engine,
      clock: this.#clock,
      journal,
      log,
      onNotice: (severity, _code, text) => feed.notice(severity, text),
      onKillReport: (report) => this.#killSwitch?.onReport(report),
      onShutdownComplete: (remains) => this.#remains.resolve(remains),
      onJournalLost: (error) => this.#failed.resolve(error),
      onOrder: () => (feed.orders += 1),
      onFill: () => (feed.fills += 1),
      onPosition: (position) => feed.position(position),
    });
    this.#driver = driver;
    this.#manager = new PluginManager({
      clock: this.#clock,
      sandbox,
      driver,
      log,
      tally: feed,
      environment,
      seed,
      grants,
      // `plugins/` is where strangers' files are dropped: being there earns no trust.
      bundledFolders: [exchangesFolder],
      trustedFolders: this.#options.trustedFolders,
      configOf: (id) => config.plugins[id] ?? defaultPluginConfig,
      symbols: config.venues.symbols,
      filesFolder: join(this.#dataDir, "plugin_files"),
      guardedPaths: {
        secret: [config.dataDir, this.#options.envFile],
        code: [projectFolder, ...this.#pluginFolders()],
      },
      accessOf: (manifest) => this.#accessOf(manifest),
      secretsOf: (names) => this.#secretsOf(names),
      paperDesk: (venue) =>
        new PaperDesk({ venue, driver, depositUsd: config.simulation.depositUsd, runTag: runId.slice(0, 8) }),
      savedState: (id) =>
        journal.kept.find((value) => value.scope === "plugin_state" && value.key === id)?.body,
      keepState: (id, value) => journal.keep("plugin_state", id, value),
      onState: (id, state, update) =>
        journal.append({
          id: `plugin/${id}/${this.#clock.epochUs()}`,
          kind: "plugin_state",
          tsUs: this.#clock.epochUs(),
          plugin: id,
          body: update === undefined ? state : { ...state, update },
        }),
    });
    const killSwitch = new KillSwitch({
      driver,
      log,
      folder: this.#dataDir,
      venues: () => this.#manager?.tradedVenues() ?? [],
    });
    this.#killSwitch = killSwitch;
    for (const notice of journal.notices) log.write("warn", "journal", JSON.stringify(notice));
    this.#warnOfTrust(feed);
    const venues = exchanges.filter(({ name }) => isVenueEnabled(config, name));
    await Promise.all([
      this.#manager.probeAll([...venues, ...strategies]),
      environment === "sim" ? this.#startSimulation(venues.map((source) => source.name)) : undefined,
    ]);
    for (const { venue, requestBudget } of this.#manager.exchangeManifests) {
      if (requestBudget !== undefined) this.#rateBudgets[venue] = requestBudget;
    }
    // A simulated or paper venue begins anew at each start; a real one does not, nor one that outlives us.
    const isSameVenues = environment === "sim"
      ? isSameWorld(journal, this.#simulation?.worldId)
      : environment !== "paper";
    if (isSameVenues) {
      using reader = openJournalReader(journalPath(this.#dataDir));
      restoreRun(journal, reader, driver, log);
    } else {
      forgetAccounts(journal);
      restoreDecisions(journal, driver, log);
    }
    // Before anything trades: a kill that was asked for while no host ran.
    await killSwitch.watchFile();
    this.#options.signals.onKill((flatten) => void killSwitch.kill("signal", flatten));
    await this.#startRecording(driver, log);
    this.#manager.startAll();
    this.#followOperator(this.#manager, log);
    await this.#makeConsole({
      driver,
      feed,
      killSwitch,
      manager: this.#manager,
      log,
      protect: (secrets) => session.protect(secrets),
      isTerminal: this.#options.output.isTerminal,
    });
    session.start();
    this.#ticker = setInterval(() => this.#tick(driver), tickEveryMs);
  }

  async #startRecording(driver: Driver, log: HostLog): Promise<void> {
    const { recordTo: folder, version } = this.#options;
    if (folder === undefined) return;
    const onFailure = (error: unknown): void => this.#failed.resolve(error);
    this.#recorder = await MarketRecorder.start({ folder, version, engine: driver.engine, log, onFailure });
    driver.tap = this.#recorder;
  }

  /** Follows without a restart what is dropped into the plugin folders, approved, or set. */
  #followOperator(manager: PluginManager, log: HostLog): void {
    const { config, configFile } = this.#options;
    const folders = this.#pluginFolders();
    this.#watches.use(
      new FolderWatch({
        folders,
        log,
        monotonicMs: () => this.#clock.monotonicMs(),
        onChange: (found) => manager.follow(folders, found),
      }),
    );
    this.#watches.use(watchGrants(grantsPath(config.dataDir), log, (grants) => manager.setGrants(grants)));
    if (configFile === undefined) return;
    this.#watches.defer(
      watchConfig(
        configFile,
        log,
        (changed) => {
          const configOf = (id: string) => changed.plugins[id] ?? defaultPluginConfig;
          if (this.#console === undefined) manager.applySettings(configOf);
          else this.#console.plugins.setConfig(configOf); // what was set through the console stays over it
        },
      ),
    );
  }

  async #makeConsole(
    parts: Pick<
      OperatorConsoleParts,
      "driver" | "feed" | "killSwitch" | "manager" | "log" | "protect" | "isTerminal"
    >,
  ): Promise<void> {
    const { config, environment, version, strategies } = this.#options;
    if (!config.console.enabled || strategies === "none") return;
    this.#console = operatorConsole({
      ...parts,
      config,
      environment,
      folder: this.#dataDir,
      version,
      clock: this.#clock,
      run: () => this.#consoleRun(),
      isStopping: () => this.#isStopping,
      record: (plugin, command, by, facts) => {
        const tsUs = this.#clock.epochUs();
        const body = { kind: "operator" as const, command, by, facts };
        this.#journal?.append({
          id: `operator/${by}/${plugin}/${tsUs}`,
          kind: "operator",
          tsUs,
          plugin,
          body,
        });
      },
    });
    await this.#console.server.prepare();
  }

  /** Its thread takes a while to load, so quotes come first; where none come it is served all the same. */
  #serveConsole(): void {
    if (this.#isConsoleBegun || this.#isStopping) return;
    if (!this.#hasQuotes && this.#clock.monotonicMs() - this.#tsStartMs < consoleAfterMs) return;
    this.#isConsoleBegun = true;
    this.#console?.server.start();
  }

  #consoleRun(): ConsoleRun {
    const { version, environment, seed } = this.#options;
    const uptimeMs = this.#clock.monotonicMs() - this.#tsStartMs;
    const loopDelayMs = this.#loopDelayMs;
    this.#loopDelayMs = 0;
    return {
      runId: this.#runId,
      version,
      environment,
      seed,
      startedMs: Math.round(this.#clock.epochMs() - uptimeMs),
      uptimeMs: Math.round(uptimeMs),
      isStopping: this.#isStopping,
      hostRssMb: Deno.memoryUsage().rss / (1 << 20),
      loopDelayMs,
    };
  }

  #tick(driver: Driver): void {
    const nowMs = this.#clock.monotonicMs();
    this.#loopDelayMs = Math.max(this.#loopDelayMs, nowMs - this.#tickedMs - tickEveryMs);
    this.#tickedMs = nowMs;
    driver.dispatch({ kind: "tick", tsUs: this.#clock.epochUs() });
    this.#keepBaselines();
    this.#serveConsole();
    if (this.#hasQuotes) return;
    const quotes = driver.engine.snapshot(this.#clock.epochUs()).quotes.filter((quote) => quote.updates > 0);
    if (quotes.length === 0) return;
    this.#hasQuotes = true;
    const afterMs = Math.round(this.#clock.monotonicMs() - this.#tsStartMs);
    this.#log?.write("info", "host", "quotes are flowing", { instruments: quotes.length, afterMs });
  }

  /** Loss limits count from midnight and from the peak: both must survive a restart. */
  #keepBaselines(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#baselinesKeptMs < keepBaselinesEveryMs) return;
    this.#baselinesKeptMs = nowMs;
    for (const baseline of this.#engine?.checkpoint().baselines ?? []) {
      this.#journal?.keep("baseline", baseline.scope, baseline);
    }
  }

  /** Waits for whatever ends the run first, then stops in order: strategies, orders, adapters, venues. */
  async untilEnd(): Promise<number> {
    const { durationMs, signals } = this.#options;
    const end = await Promise.race([
      aborted(signals.stop).then(() => ({ kind: "asked", why: String(signals.stop.reason) } as const)),
      durationMs === undefined
        ? new Promise<never>(() => {})
        : after(durationMs).then(() => ({ kind: "asked", why: "duration is over" } as const)),
      this.#failed.promise.then((error) => ({ kind: "failed", error } as const)),
    ]);
    const code = end.kind === "asked" ? await this.#stop(end.why) : this.#fail(end.error);
    return code;
  }

  /** Once more if the first answer was not whole: adapters may just have been coming up. */
  async kill(by: string, flatten: boolean): Promise<KillReport> {
    const killSwitch = this.#killSwitch;
    if (killSwitch === undefined) {
      throw new BerthError("INVARIANT_BROKEN", {
        invariant: "a started host has a kill switch",
        details: by,
      });
    }
    const first = await killSwitch.kill(by, flatten);
    const report = first.isClean ? first : await killSwitch.kill(by, flatten);
    await this.#manager?.stopAdapters("kill");
    this.#isClean = true;
    return report;
  }

  async release(): Promise<void> {
    clearInterval(this.#ticker);
    this.#watches.dispose();
    this.#killSwitch?.stop();
    await this.#recorder?.finish();
    await this.#console?.server.stop();
    await this.#manager?.killAll();
    await this.#simulation?.stop();
    await this.#journal?.close({ isClean: this.#isClean });
    await this.#session?.[Symbol.asyncDispose]();
  }

  async #findStrategies(): Promise<readonly PluginSource[]> {
    const found = await Promise.all(this.#pluginFolders().map(findPlugins));
    return found.flat();
  }

  /** Those of the configuration, and those the operator trusts: to trust a folder is to use it. */
  #pluginFolders(): readonly string[] {
    if (this.#options.strategies === "none") return [];
    return [...new Set([...this.#options.config.pluginFolders, ...this.#options.trustedFolders])];
  }

  async #startSimulation(venues: readonly string[]): Promise<void> {
    const { config, seed } = this.#options;
    const { attach } = config.simulation;
    if (attach !== undefined) {
      this.#simulation = await attachSimulation(attach);
      return;
    }
    this.#simulation = await startSimulation({
      entryPath: join(exchangesFolder, "simulation/main.ts"),
      projectDir: projectFolder,
      venues,
      seed,
      depositUsd: String(config.simulation.depositUsd),
      faults: config.simulation.faults,
      onLog: (line) => this.#log?.write("debug", "simulation", line),
      onLost: (code) =>
        this.#failed.resolve(
          new BerthError("PLUGIN_CRASHED", { pluginId: "simulated venues", reason: `exit code ${code}` }),
        ),
    });
  }

  #warnOfTrust(feed: DisplayFeed): void {
    for (const folder of this.#options.trustedFolders) {
      const text =
        `plugins in ${folder} run WITHOUT your approval, whatever they ask for, because of --trust`;
      this.#log?.write("warn", "host", text);
      feed.notice("critical", text);
    }
  }

  async #stop(why: string): Promise<number> {
    const manager = this.#manager;
    const driver = this.#driver;
    if (manager === undefined || driver === undefined) return exitCodes.failure;
    this.#isStopping = true;
    this.#log?.write("info", "host", `stopping: ${why}`);
    const leaving = aborted(this.#options.signals.leave);
    const orderly = (async () => {
      await manager.stopStrategies(why);
      await this.#untilQuiet(driver);
      driver.dispatch({
        kind: "operator",
        tsUs: this.#clock.epochUs(),
        by: "signal",
        command: { kind: "shutdown", deadlineMs: shutdownDeadlineMs },
      });
      await Promise.race([this.#remains.promise, after(shutdownDeadlineMs + 1_000)]);
    })();
    await Promise.race([orderly, leaving]);
    const { summary, exact } = await this.#summary(why);
    await Promise.race([manager.stopAdapters(why), leaving]);
    this.#isClean = !this.#options.signals.leave.aborted;
    clearInterval(this.#ticker); // the summary is the last word
    await this.#session?.finish(summary, exact);
    const isEven = summary.workingOrders.length === 0 &&
      summary.venues.every((venue) => venue.ledger?.agrees ?? true);
    return isEven ? exitCodes.ok : exitCodes.failure;
  }

  /** Positions that a stopped plugin leaves to be flattened are closed before the last orders are cancelled. */
  async #untilQuiet(driver: Driver): Promise<void> {
    const untilMs = this.#clock.monotonicMs() + flattenDeadlineMs;
    while (this.#clock.monotonicMs() < untilMs) {
      const state = driver.engine.snapshot(this.#clock.epochUs());
      if (!state.plugins.some((plugin) => plugin.isFlattening) && state.workingOrders.length === 0) return;
      await after(25);
    }
  }

  #fail(error: unknown): number {
    this.#log?.write("error", "host", describeError(error));
    return exitCodes.failure;
  }

  async #summary(endedBy: string): Promise<ExactSummary> {
    const feed = this.#feed;
    const engine = this.#driver?.engine;
    if (feed === undefined || engine === undefined) {
      throw new BerthError("INVARIANT_BROKEN", { invariant: "a run has an engine", details: "summary" });
    }
    return summarize({
      runId: this.#runId,
      endedBy,
      journalFile: journalPath(this.#dataDir),
      state: engine.snapshot(this.#clock.epochUs()),
      display: feed.snapshot(),
      ledgers: await this.#simulation?.ledgers(),
      unitOf: (id) => {
        const index = engine.indexOf(id);
        const instrument = index === undefined ? undefined : engine.instrument(index);
        return instrument === undefined ? zeroMoney : tickLotMoney(instrument);
      },
    });
  }

  /** What an adapter may reach and know; its secrets can't be printed from then on. */
  #accessOf(manifest: ExchangeManifest): AccessResult {
    const simulated = this.#simulation?.venues[manifest.venue];
    const result = adapterAccess(
      this.#options.environment,
      manifest,
      simulated,
      (name) => this.#secrets.get(name),
      this.#options.config.venues.endpoints[manifest.venue],
    );
    if (result.kind === "access") this.#session?.protect(Object.values(result.access.secrets));
    return result;
  }

  /** Secrets that a strategy was granted by name; they can't be printed from then on. */
  #secretsOf(names: readonly string[]): SecretsResult {
    const result = secretsNamed(this.#secrets, names);
    if (result.kind === "found") this.#session?.protect(Object.values(result.values));
    return result;
  }

  #runInfo(): RunInfo {
    const { version, environment, seed, durationMs } = this.#options;
    return {
      version,
      environment,
      seed,
      uptimeMs: this.#clock.monotonicMs() - this.#tsStartMs,
      durationMs,
      isStopping: this.#isStopping,
      consoleUrl: this.#console?.server.url,
      hostRssMb: Deno.memoryUsage().rss / (1 << 20),
    };
  }
}

const claimsOf = ({ hostTags, positions }: HostConfig["claims"]): Claims => ({
  hostTags,
  positions: Object.fromEntries(
    Object.entries(positions).map(([instrument, plugin]) => [instrument, pluginId(plugin)]),
  ),
});

/** Four letters and digits by which our orders are known at a venue: drawn once for a data folder. */
function hostTag(journal: JournalWriter): string {
  const kept = journal.kept.find((value) => value.scope === "host" && value.key === "tag")?.body;
  if (typeof kept === "string" && /^[a-z0-9]{2,4}$/.test(kept)) return kept;
  const drawn = Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => (byte % 36).toString(36))
    .join("");
  journal.keep("host", "tag", drawn);
  return drawn;
}

const after = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));

const aborted = (signal: AbortSignal): Promise<void> =>
  signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
