/**
 * The composition root: makes every part, hands each what it needs, and takes it all down again. Nothing else in the
 * host constructs its own collaborators, reads the clock or the environment.
 */
import { join } from "node:path";
import { Engine } from "../engine/engine.ts";
import { defaultRateBudget, defaultTiming, type ShutdownRemains } from "../engine/events.ts";
import { BerthError, describeError } from "../errors.ts";
import { acquireHostLock } from "../journal/host_lock.ts";
import { type JournalWriter, openJournal } from "../journal/writer.ts";
import type { Clock } from "../model/clock.ts";
import type { KillReport } from "../model/kill_report.ts";
import { isCompiled } from "../sandbox/edition.ts";
import { sandboxKindOf } from "../sandbox/kind_names.ts";
import { createSandbox } from "../sandbox/kinds.ts";
import { type HostAlerts, hostAlerts } from "./alerts/host_alerts.ts";
import { checkPort } from "./console/console_server.ts";
import { OpportunityJournal } from "./observers/opportunity_journal.ts";
import {
  type OperatorConsole,
  operatorConsole,
  type OperatorConsoleParts,
} from "./console/operator_console.ts";
import { defaultPluginConfig, environmentFolder, isVenueEnabled, journalPath } from "./config/config.ts";
import { findPlugins } from "./plugins/discovery.ts";
import { DisplayFeed } from "./observers/display_feed.ts";
import { Driver } from "./engine_driver.ts";
import { grantsPath, readGrants } from "./plugins/grants.ts";
import type { RequestBudget } from "../sdk/manifest.ts";
import { handedSecrets } from "./plugins/handed_secrets.ts";
import { HostPulse } from "./host_pulse.ts";
import { watchOperator } from "./operator_watches.ts";
import { exitCodes, type HostOptions } from "./config/options.ts";
import { aborted, firstEnd, stopTrading } from "./orderly_stop.ts";
import { claimsOf, hostTag } from "./venues/our_orders.ts";
import { KillSwitch } from "./kill_switch.ts";
import { journalledPlugins } from "./plugins/journalled_plugins.ts";
import { RunFacts } from "./observers/run_facts.ts";
import type { MarketRecorder } from "./venues/market_recorder.ts";
import { paperDesks } from "./venues/paper_desk.ts";
import { paperAccounts } from "./venues/paper_states.ts";
import { PluginManager } from "./plugins/plugin_manager.ts";
import { bundledPluginsFolder, exchangesFolder, projectFolder } from "./project_folder.ts";
import { isSameWorld, restoreEarlierRuns } from "./recovery.ts";
import { openRunLog, type RunLog } from "./observers/run_log.ts";
import { type RunObservers, runObservers } from "./observers/run_observers.ts";
import { type ExactSummary, isEven, summarize } from "./observers/run_summary.ts";
import { readSecrets, type Secrets } from "./config/secrets.ts";
import { simulatedVenues } from "./venues/simulated_venues.ts";
import type { Simulation } from "./venues/simulation_process.ts";
import type { HostLog } from "./ports.ts";
import type { OpenedReplay } from "./replay/open_replay.ts";
import type { Replay } from "./replay/replay.ts";
import { toldOfTrading } from "./observers/told_of_trading.ts";
import { systemClock } from "./system_clock.ts";

const threadsAfterMs = 5_000;

/** Runs the host until a signal, the end of its duration, or a failure; resolves with the process's exit code. */
export function runHost(options: HostOptions): Promise<number> {
  return withHost(options, (host) => host.untilEnd());
}

/**
 * Where no host runs: starts the adapters alone, throws the kill switch, and ends with what the venues said was left. The
 * halt is kept; the next start finds it.
 */
export function runKill(options: HostOptions, flatten: boolean): Promise<KillReport> {
  return withHost({ ...options, strategies: "none" }, (host) => host.kill("cli", flatten));
}

/** The one host of a data folder, started, and taken down again whatever comes. */
async function withHost<Result>(options: HostOptions, act: (host: Host) => Promise<Result>): Promise<Result> {
  const { config, environment, replay } = options;
  // Replay and recorder are loaded where they are asked for: they bring packages that no other start needs.
  const opened = replay === undefined
    ? undefined
    : await (await import("./replay/open_replay.ts")).openReplay(replay);
  // Beside the accounts of the present, in a folder of their own.
  const root = opened === undefined ? config.dataDir : join(config.dataDir, "replay");
  const dataDir = environmentFolder(root, environment);
  using _lock = acquireHostLock(dataDir, { pid: Deno.pid });
  const secrets = await readSecrets(options.envFile, Deno.env);
  const host = new Host(options, systemClock(), dataDir, secrets, opened);
  try {
    await host.start();
    return await act(host);
  } finally {
    await host.release();
  }
}

type ConsoleParts = Omit<
  OperatorConsoleParts,
  "config" | "environment" | "folder" | "version" | "clock" | "alerts" | "isStopping"
>;

class Host {
  readonly #options: HostOptions;
  /** Of the machine: processes, files, crashes. */
  readonly #wall: Clock;
  /** Of the markets; the machine's, but for a replay. */
  readonly #clock: Clock;
  readonly #opened: OpenedReplay | undefined;
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
  #runLog: RunLog | undefined;
  #observers: RunObservers | undefined;
  #runId = "";
  #pulse: HostPulse | undefined;
  readonly #watches = new DisposableStack();
  #killSwitch: KillSwitch | undefined;
  #console: OperatorConsole | undefined;
  #areThreadsBegun = false;
  #recorder: MarketRecorder | undefined;
  #alerts: HostAlerts | undefined;
  #alertsStopped: Promise<void> | undefined;
  #replay: Replay | undefined;
  #isStopping = false;
  #isClean = false;

  constructor(
    options: HostOptions,
    wall: Clock,
    dataDir: string,
    secrets: Secrets,
    opened: OpenedReplay | undefined,
  ) {
    this.#options = options;
    this.#wall = wall;
    this.#clock = opened?.clock ?? wall;
    this.#opened = opened;
    this.#dataDir = dataDir;
    this.#secrets = secrets;
    this.#tsStartMs = wall.monotonicMs();
  }

  async start(): Promise<void> {
    const { config, environment, seed, version, strategies: wanted } = this.#options;
    if (config.console.enabled && wanted === "all") checkPort(config.console.address, config.console.port);
    const kind = sandboxKindOf(config.sandbox, isCompiled()) ?? "worker-in-process";
    const sandbox = createSandbox(kind, { clock: this.#wall, projectDir: projectFolder });
    const [journal, exchanges, strategies, grants] = await Promise.all([
      openJournal({
        path: journalPath(this.#dataDir),
        clock: this.#wall,
        durability: config.journal.durability ?? (environment === "live" ? "power_loss" : "process_crash"),
        onFailure: (error) => this.#failed.resolve(error),
      }),
      findPlugins(exchangesFolder),
      Promise.all(this.#pluginFolders().map(findPlugins)),
      readGrants(grantsPath(config.dataDir)),
    ]);
    this.#journal = journal;
    const runId = crypto.randomUUID();
    this.#runId = runId;
    journal.startRun({ runId, environment, seed, version, tsStartMs: this.#wall.epochMs() });
    const engine = new Engine({
      hostTag: hostTag(journal),
      claims: claimsOf(config.claims, journal),
      nextOrderCounter: journal.peekCounter("order"),
      risk: config.risk,
      residentStops: config.residentStops,
      timing: defaultTiming,
      rateBudgets: this.#rateBudgets,
      defaultRateBudget,
    });
    const shownEnvironment = this.#opened === undefined ? environment : "replay";
    const facts = new RunFacts({
      runId,
      version,
      environment: shownEnvironment,
      seed,
      durationMs: this.#options.durationMs,
      wall: this.#wall,
      tsStartMs: this.#tsStartMs,
    });
    const feed = new DisplayFeed({
      engine,
      clock: this.#clock,
      manager: () => this.#manager,
      run: () =>
        facts.forDisplay({
          isStopping: this.#isStopping,
          consoleUrl: this.#console?.server.url,
          replay: this.#replay?.info(),
        }),
    });
    this.#feed = feed;
    const runLog = await openRunLog({
      options: this.#options,
      clock: this.#clock,
      wall: this.#wall,
      snapshot: () => feed.snapshot(),
    });
    this.#runLog = runLog;
    const { session, log, levels: logLevels, tail: logTail } = runLog;
    const alerts = config.alerts.enabled && wanted === "all" && this.#opened === undefined
      ? hostAlerts({
        config: config.alerts,
        environment,
        runId,
        clock: this.#clock,
        engine,
        plugins: () => this.#manager?.views() ?? [],
        log,
        feed,
        journal,
        secrets: this.#secrets,
        protect: (values) => session.protect(values),
        redact: session.redact,
      })
      : undefined;
    this.#alerts = alerts;
    const { isTraced } = this.#options;
    const observers = await runObservers({ engine, log, logLevels, version, isTraced });
    this.#observers = observers;
    const driver = new Driver({
      engine,
      clock: this.#clock,
      journal,
      log,
      ...toldOfTrading(feed, alerts, observers),
      onKillReport: (report) => this.#killSwitch?.onReport(report),
      onShutdownComplete: (remains) => this.#remains.resolve(remains),
      onJournalLost: (error) => this.#failed.resolve(error),
    });
    driver.taps.push(...observers.taps);
    this.#driver = driver;
    const opportunities = new OpportunityJournal({
      journal,
      clock: this.#clock,
      next: alerts?.tally ?? feed,
    });
    // The accounts of a replay are of the recording's time alone.
    const paper = paperAccounts(journal, log, environment === "paper" && this.#opened === undefined);
    const { depositUsd } = config.simulation;
    const desk = paperDesks({ driver, depositUsd, runTag: runId.slice(0, 8), ...paper });
    this.#manager = new PluginManager({
      clock: this.#wall,
      sandbox,
      driver,
      log,
      tally: opportunities,
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
      ...handedSecrets({
        environment,
        secrets: this.#secrets,
        endpoints: config.venues.endpoints,
        simulatedVenue: (venue) => this.#simulation?.venues[venue],
        protect: (values) => session.protect(values),
      }),
      paperDesk: desk,
      pace: this.#opened?.strategies,
      ...journalledPlugins(journal, this.#clock, (id, state) => alerts?.observer.pluginState(id, state)),
    });
    const killSwitch = new KillSwitch({
      driver,
      log,
      folder: this.#dataDir,
      venues: () => this.#replay?.venues ?? this.#manager?.tradedVenues() ?? [],
    });
    this.#killSwitch = killSwitch;
    for (const notice of journal.notices) log.write("warn", "journal", JSON.stringify(notice));
    this.#warnOfTrust(feed);
    const venues = this.#opened === undefined
      ? exchanges.filter(({ name }) => isVenueEnabled(config, name))
      : [];
    await Promise.all([
      this.#manager.probeAll([...venues, ...strategies.flat()]),
      environment === "sim" ? this.#startSimulation(venues.map((source) => source.name)) : undefined,
    ]);
    for (const { venue, requestBudget } of this.#manager.exchangeManifests) {
      if (requestBudget !== undefined) this.#rateBudgets[venue] = requestBudget;
    }
    restoreEarlierRuns({
      path: journalPath(this.#dataDir),
      journal,
      // A simulated venue begins anew at each start; a real one does not, nor one that outlives us, nor one of paper
      // whose account was kept.
      isSameVenues: environment === "sim"
        ? isSameWorld(journal, this.#simulation?.worldId)
        : environment !== "paper" || paper.areKnown,
      driver,
      log,
    });
    // Before anything trades: a kill that was asked for while no host ran.
    await killSwitch.watchFile();
    this.#options.signals.onKill((flatten) => void killSwitch.kill("signal", flatten));
    await this.#startRecording(driver, log);
    this.#replay = this.#opened?.open({
      wall: this.#wall,
      driver,
      manager: this.#manager,
      log,
      tally: feed,
      desk,
      onFailure: (error) => this.#failed.resolve(error),
    });
    this.#manager.startAll();
    this.#followOperator(this.#manager, log);
    await this.#makeConsole({
      shownEnvironment,
      run: () =>
        facts.forConsole({
          isStopping: this.#isStopping,
          loopDelayMs: this.#pulse?.takeLoopDelayMs() ?? 0,
        }),
      driver,
      feed,
      killSwitch,
      manager: this.#manager,
      log,
      logTail,
      redact: session.redact,
      journal,
      protect: (secrets) => session.protect(secrets),
      isTerminal: this.#options.output.isTerminal,
    });
    session.start();
    this.#pulse = new HostPulse({
      clock: this.#wall,
      driver,
      engine,
      journal,
      log,
      tsStartMs: this.#tsStartMs,
      onTick: () => {
        this.#startThreads();
        opportunities.tick();
      },
    });
    this.#pulse.start();
    if (this.#replay === undefined) return;
    const { untilStrategiesAreUp } = await import("./replay/open_replay.ts");
    await untilStrategiesAreUp(this.#manager, this.#wall);
    this.#replay.start();
  }

  async #startRecording(driver: Driver, log: HostLog): Promise<void> {
    const { recordTo: folder, version } = this.#options;
    if (folder === undefined) return;
    const onFailure = (error: unknown): void => this.#failed.resolve(error);
    const { MarketRecorder } = await import("./venues/market_recorder.ts");
    this.#recorder = await MarketRecorder.start({ folder, version, engine: driver.engine, log, onFailure });
    driver.taps.push(this.#recorder);
  }

  #followOperator(manager: PluginManager, log: HostLog): void {
    const { config: { dataDir }, configFile, rereadConfig } = this.#options;
    this.#watches.use(watchOperator({
      clock: this.#wall,
      log,
      manager,
      // What a compiled berth carries can't be watched, and does not change.
      pluginFolders: this.#pluginFolders().filter((path) => !isCompiled() || path !== bundledPluginsFolder),
      dataDir,
      configFile,
      rereadConfig,
      onPluginConfig: (configOf) => {
        if (this.#console === undefined) manager.applySettings(configOf);
        else this.#console.plugins.setConfig(configOf); // what was set through the console stays over it
      },
    }));
  }

  async #makeConsole(parts: ConsoleParts): Promise<void> {
    const { config, environment, version, strategies } = this.#options;
    if (!config.console.enabled || strategies === "none") return;
    this.#console = operatorConsole({
      ...parts,
      alerts: () => this.#alerts?.service.status,
      config,
      environment,
      folder: this.#dataDir,
      version,
      clock: this.#clock,
      isStopping: () => this.#isStopping,
    });
    await this.#console.server.prepare();
  }

  /** Console and alerts: threads take a while to load, so quotes come first; where none come they start all the same. */
  #startThreads(): void {
    if (this.#areThreadsBegun || this.#isStopping) return;
    if (!this.#pulse?.hasQuotes && this.#wall.monotonicMs() - this.#tsStartMs < threadsAfterMs) return;
    this.#areThreadsBegun = true;
    this.#console?.server.start();
    this.#alerts?.service.start();
  }

  /** Waits for whatever ends the run first, then stops in order: strategies, orders, adapters, venues. */
  async untilEnd(): Promise<number> {
    const { durationMs, signals } = this.#options;
    const end = await firstEnd({
      stop: signals.stop,
      durationMs,
      failed: this.#failed.promise,
      over: this.#replay?.over,
    });
    if (end.kind === "asked") return await this.#stop(end.why);
    this.#runLog?.log.write("error", "host", describeError(end.error));
    return exitCodes.failure;
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
    this.#pulse?.stop();
    this.#watches.dispose();
    this.#killSwitch?.stop();
    this.#observers?.end(this.#clock.epochUs());
    const replayEnds = this.#replay?.stop();
    await this.#recorder?.finish();
    await (this.#alertsStopped ?? this.#alerts?.service.stop());
    await this.#console?.server.stop();
    await this.#manager?.killAll();
    await replayEnds;
    await this.#simulation?.stop();
    await this.#journal?.close({ isClean: this.#isClean });
    await this.#runLog?.[Symbol.asyncDispose]();
  }

  /** Those of the configuration, and those the operator trusts: to trust a folder is to use it. */
  #pluginFolders(): readonly string[] {
    if (this.#options.strategies === "none") return [];
    return [...new Set([...this.#options.config.pluginFolders, ...this.#options.trustedFolders])];
  }

  async #startSimulation(venues: readonly string[]): Promise<void> {
    const { config, seed } = this.#options;
    this.#simulation = await simulatedVenues({
      settings: config.simulation,
      venues,
      seed,
      onLog: (line) => this.#runLog?.log.write("debug", "simulation", line),
      onLost: (error) => this.#failed.resolve(error),
    });
  }

  #warnOfTrust(feed: DisplayFeed): void {
    for (const folder of this.#options.trustedFolders) {
      const text =
        `plugins in ${folder} run WITHOUT your approval, whatever they ask for, because of --trust`;
      this.#runLog?.log.write("warn", "host", text);
      feed.notice("critical", text);
    }
  }

  async #stop(why: string): Promise<number> {
    const manager = this.#manager;
    const driver = this.#driver;
    if (manager === undefined || driver === undefined) return exitCodes.failure;
    this.#isStopping = true;
    this.#replay?.slowDown();
    this.#runLog?.log.write("info", "host", `stopping: ${why}`);
    this.#alertsStopped = this.#alerts?.service.stop(); // that venues and plugins end now is no alarm
    const leaving = aborted(this.#options.signals.leave);
    const parts = { clock: this.#clock, driver, manager, remains: this.#remains.promise };
    await Promise.race([stopTrading(parts, why), leaving]);
    const { summary, exact } = await this.#summary(why);
    await Promise.race([manager.stopAdapters(why), leaving]);
    this.#isClean = !this.#options.signals.leave.aborted;
    this.#pulse?.stop(); // the summary is the last word
    await this.#runLog?.session.finish(summary, exact);
    return isEven(summary) ? exitCodes.ok : exitCodes.failure;
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
      engine,
      display: feed.snapshot(),
      ledgers: await this.#simulation?.ledgers(),
    });
  }
}
