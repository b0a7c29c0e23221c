/**
 * The composition root: makes every part and hands each what it needs. Nothing else in the host constructs its own
 * collaborators, reads the clock or the environment. How a run ends is in host.ts, how it is taken down in host_parts.ts.
 */
import { join } from "node:path";
import { Engine } from "../engine/engine.ts";
import { defaultRateBudget, defaultTiming } from "../engine/events.ts";
import { acquireHostLock } from "../journal/host_lock.ts";
import { type JournalWriter, openJournal } from "../journal/writer.ts";
import type { VenueId } from "../model/ids.ts";
import type { KillReport } from "../model/kill_report.ts";
import { isCompiled } from "../sandbox/edition.ts";
import { sandboxKindOf } from "../sandbox/kind_names.ts";
import { createSandbox } from "../sandbox/kinds.ts";
import type { RequestBudget } from "../sdk/manifest.ts";
import { defaultPluginConfig, environmentFolder, isVenueEnabled, journalPath } from "./config/config.ts";
import type { HostOptions } from "./config/options.ts";
import { readSecrets } from "./config/secrets.ts";
import { checkPort } from "./console/console_server.ts";
import { operatorConsole } from "./console/operator_console.ts";
import { Driver } from "./engine_driver.ts";
import { Host, type HostRun } from "./host.ts";
import { HostParts } from "./host_parts.ts";
import { HostPulse } from "./host_pulse.ts";
import { type HostSetup, shownEnvironment } from "./host_setup.ts";
import { KillSwitch } from "./kill_switch.ts";
import type { HostLog } from "./ports.ts";
import { CurveJournal } from "./observers/curve_journal.ts";
import { makeOnlookers, type Onlookers } from "./observers/onlookers.ts";
import { OpportunityJournal } from "./observers/opportunity_journal.ts";
import type { RunLog } from "./observers/run_log.ts";
import { toldOfTrading } from "./observers/told_of_trading.ts";
import { watchOperator } from "./operator_watches.ts";
import { findPlugins, type PluginSource } from "./plugins/discovery.ts";
import { type GrantBook, grantsPath, readGrants } from "./plugins/grants.ts";
import { handedSecrets } from "./plugins/handed_secrets.ts";
import { journalledPlugins } from "./plugins/journalled_plugins.ts";
import { PluginManager } from "./plugins/plugin_manager.ts";
import { bundledPluginsFolder, exchangesFolder, projectFolder } from "./project_folder.ts";
import { isSameWorld, restoreEarlierRuns } from "./recovery.ts";
import { RunCourse } from "./run_course.ts";
import { systemClock } from "./system_clock.ts";
import { claimsOf, hostTag } from "./venues/our_orders.ts";
import { type PaperDesk, paperDesks } from "./venues/paper_desk.ts";
import { type PaperAccounts, paperAccounts } from "./venues/paper_states.ts";
import { simulatedVenues } from "./venues/simulated_venues.ts";

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
  const wall = systemClock();
  const clock = opened?.clock ?? wall;
  const parts = new HostParts();
  const course = new RunCourse();
  const setup: HostSetup = {
    options,
    runId: crypto.randomUUID(),
    dataDir,
    secrets: await readSecrets(options.envFile, Deno.env),
    wall,
    tsStartMs: wall.monotonicMs(),
    clock,
    opened,
    course,
    parts,
  };
  try {
    return await act(await startedHost(setup));
  } finally {
    await parts.release(clock, course.isClean);
  }
}

async function startedHost(setup: HostSetup): Promise<Host> {
  const { options: { config, strategies }, parts } = setup;
  if (config.console.enabled && strategies === "all") checkPort(config.console.address, config.console.port);
  const files = await openFiles(setup);
  parts.journal = files.journal;
  /** By venue, from the adapters' manifests; whole before the first adapter starts. */
  const rateBudgets: Record<string, RequestBudget> = {};
  const engine = makeEngine(setup, files.journal, rateBudgets);
  const onlookers = await makeOnlookers(setup, files.journal, engine);
  const trading = makeTrading(setup, files, engine, onlookers);
  warn(setup, files.journal, onlookers);
  await openVenues(setup, files, trading, rateBudgets, onlookers.runLog);
  await beginTrading(setup, trading, onlookers);
  await showRun(setup, files.journal, engine, trading, onlookers);
  await playRecording(setup, trading.manager);
  const { feed, runLog } = onlookers;
  return new Host({ ...setup, engine, feed, runLog, ...trading });
}

interface HostFiles {
  readonly journal: JournalWriter;
  readonly exchanges: readonly PluginSource[];
  readonly strategies: readonly PluginSource[];
  readonly grants: GrantBook;
}

async function openFiles({ options, dataDir, wall, course, runId }: HostSetup): Promise<HostFiles> {
  const { config, environment, seed, version } = options;
  const [journal, exchanges, strategies, grants] = await Promise.all([
    openJournal({
      path: journalPath(dataDir),
      clock: wall,
      durability: config.journal.durability ?? (environment === "live" ? "power_loss" : "process_crash"),
      onFailure: course.fail,
    }),
    findPlugins(exchangesFolder),
    Promise.all(pluginFoldersOf(options).map(findPlugins)),
    readGrants(grantsPath(config.dataDir)),
  ]);
  journal.startRun({ runId, environment, seed, version, tsStartMs: wall.epochMs() });
  return { journal, exchanges, strategies: strategies.flat(), grants };
}

/** Those of the configuration, and those the operator trusts: to trust a folder is to use it. */
function pluginFoldersOf({ config, strategies, trustedFolders }: HostOptions): readonly string[] {
  return strategies === "none" ? [] : [...new Set([...config.pluginFolders, ...trustedFolders])];
}

function makeEngine(
  { options: { config } }: HostSetup,
  journal: JournalWriter,
  rateBudgets: Readonly<Record<string, RequestBudget>>,
): Engine {
  return new Engine({
    hostTag: hostTag(journal),
    claims: claimsOf(config.claims, journal),
    nextOrderCounter: journal.peekCounter("order"),
    risk: config.risk,
    residentStops: config.residentStops,
    timing: defaultTiming,
    rateBudgets,
    defaultRateBudget,
  });
}

/** Whoever acts. */
interface Trading extends Pick<HostRun, "driver" | "manager" | "killSwitch"> {
  readonly paper: PaperAccounts;
  readonly desk: (venue: VenueId) => PaperDesk;
  readonly opportunities: OpportunityJournal;
}

function makeTrading(setup: HostSetup, files: HostFiles, engine: Engine, onlookers: Onlookers): Trading {
  const { options, runId, dataDir, secrets, wall, clock, opened, course, parts } = setup;
  const { config, environment, seed } = options;
  const { journal } = files;
  const { feed, runLog: { session, log }, alerts, observers } = onlookers;
  const driver = new Driver({
    engine,
    clock,
    journal,
    log,
    ...toldOfTrading(feed, alerts, observers),
    onKillReport: (report) => parts.killSwitch?.onReport(report),
    onShutdownComplete: course.shutDown,
    onJournalLost: course.fail,
  });
  driver.taps.push(...observers.taps);
  const opportunities = new OpportunityJournal({ journal, clock, next: alerts?.tally ?? feed });
  // The accounts of a replay are of the recording's time alone.
  const paper = paperAccounts(journal, log, environment === "paper" && opened === undefined);
  const { depositUsd } = config.simulation;
  const desk = paperDesks({ driver, depositUsd, runTag: runId.slice(0, 8), ...paper });
  const manager = new PluginManager({
    clock: wall,
    sandbox: createSandbox(sandboxKindOf(config.sandbox, isCompiled()) ?? "worker-in-process", {
      clock: wall,
      projectDir: projectFolder,
    }),
    driver,
    log,
    tally: opportunities,
    environment,
    seed,
    grants: files.grants,
    // `plugins/` is where strangers' files are dropped: being there earns no trust.
    bundledFolders: [exchangesFolder],
    trustedFolders: options.trustedFolders,
    configOf: (id) => config.plugins[id] ?? defaultPluginConfig,
    symbols: config.venues.symbols,
    instrumentNames: (venue) => config.venues.instruments[venue] ?? {},
    filesFolder: join(dataDir, "plugin_files"),
    guardedPaths: {
      secret: [config.dataDir, ...secrets.paths],
      code: [projectFolder, ...pluginFoldersOf(options)],
    },
    ...handedSecrets({
      environment,
      secrets,
      endpoints: config.venues.endpoints,
      simulatedVenue: (venue) => parts.simulation?.venues[venue],
      protect: (values) => session.protect(values),
    }),
    paperDesk: desk,
    pace: opened?.strategies,
    ...journalledPlugins(journal, clock, (id, state) => alerts?.observer.pluginState(id, state)),
  });
  parts.manager = manager;
  const killSwitch = new KillSwitch({
    driver,
    log,
    folder: dataDir,
    venues: () => parts.replay?.venues ?? manager.tradedVenues(),
    onKill: () => parts.replay?.resume(),
  });
  parts.killSwitch = killSwitch;
  return { driver, manager, killSwitch, paper, desk, opportunities };
}

function warn({ options }: HostSetup, journal: JournalWriter, { feed, runLog: { log } }: Onlookers): void {
  for (const notice of journal.notices) log.write("warn", "journal", JSON.stringify(notice));
  for (const folder of options.trustedFolders) {
    const text = `plugins in ${folder} run WITHOUT your approval, whatever they ask for, because of --trust`;
    log.write("warn", "host", text);
    feed.notice("critical", text);
  }
}

/** Reads all plugins, has the venues ready, and tells the engine what it left there. */
async function openVenues(
  setup: HostSetup,
  { journal, exchanges, strategies }: HostFiles,
  { manager, driver, paper }: Trading,
  rateBudgets: Record<string, RequestBudget>,
  { log }: RunLog,
): Promise<void> {
  const { options: { config, environment, seed }, dataDir, opened, course, parts } = setup;
  const venues = opened === undefined ? exchanges.filter(({ name }) => isVenueEnabled(config, name)) : [];
  const simulate = async (): Promise<void> => {
    parts.simulation = await simulatedVenues({
      settings: config.simulation,
      venues: venues.map(({ name }) => name),
      seed,
      onLog: (line) => log.write("debug", "simulation", line),
      onLost: course.fail,
    });
  };
  await Promise.all([
    manager.probeAll([...venues, ...strategies]),
    environment === "sim" ? simulate() : undefined,
  ]);
  for (const { venue, requestBudget } of manager.exchangeManifests) {
    if (requestBudget !== undefined) rateBudgets[venue] = requestBudget;
  }
  restoreEarlierRuns({
    path: journalPath(dataDir),
    journal,
    // A simulated venue begins anew at each start; a real one does not, nor one that outlives us, nor one of paper
    // whose account was kept.
    isSameVenues: environment === "sim"
      ? isSameWorld(journal, parts.simulation?.worldId)
      : environment !== "paper" || paper.areKnown,
    driver,
    log,
  });
}

async function beginTrading(
  setup: HostSetup,
  trading: Trading,
  { feed, runLog: { log } }: Onlookers,
): Promise<void> {
  const { options, wall, opened, course, parts } = setup;
  const { driver, manager, killSwitch, desk } = trading;
  // Before anything trades: a kill that was asked for while no host ran.
  await killSwitch.watchFile();
  options.signals.onKill((flatten) => void killSwitch.kill("signal", flatten));
  await startRecording(setup, driver, log);
  parts.replay = opened?.open({ wall, driver, manager, log, tally: feed, desk, onFailure: course.fail });
  manager.startAll();
  followOperator(setup, manager, log);
}

async function startRecording(
  { options, course, parts }: HostSetup,
  driver: Driver,
  log: HostLog,
): Promise<void> {
  const { recordTo: folder, version } = options;
  if (folder === undefined) return;
  const { MarketRecorder } = await import("./venues/market_recorder.ts");
  const { engine } = driver;
  parts.recorder = await MarketRecorder.start({ folder, version, engine, log, onFailure: course.fail });
  driver.taps.push(parts.recorder);
}

function followOperator({ options, wall, parts }: HostSetup, manager: PluginManager, log: HostLog): void {
  const { config: { dataDir }, configFile, rereadConfig } = options;
  parts.watches.use(watchOperator({
    clock: wall,
    log,
    manager,
    // What a compiled berth carries can't be watched, and does not change.
    pluginFolders: pluginFoldersOf(options).filter((path) => !isCompiled() || path !== bundledPluginsFolder),
    dataDir,
    configFile,
    rereadConfig,
    onPluginConfig: (configOf) => {
      if (parts.console === undefined) manager.applySettings(configOf);
      else parts.console.plugins.setConfig(configOf); // what was set through the console stays over it
    },
    onAlertsConfig: (alerts) => void parts.alerts?.reload.follow(alerts),
  }));
}

/** Console, display, and the timer on which the host does its rounds. */
async function showRun(
  setup: HostSetup,
  journal: JournalWriter,
  engine: Engine,
  { driver, manager, killSwitch, opportunities }: Trading,
  { facts, feed, runLog: { session, log, tail } }: Onlookers,
): Promise<void> {
  const { options, dataDir, wall, clock, tsStartMs, course, parts } = setup;
  const { config, environment, version, strategies } = options;
  if (config.console.enabled && strategies === "all") {
    parts.console = operatorConsole({
      config,
      environment,
      shownEnvironment: shownEnvironment(setup),
      folder: dataDir,
      version,
      clock,
      driver,
      feed,
      manager,
      killSwitch,
      log,
      logTail: tail,
      redact: session.redact,
      run: () =>
        facts.forConsole({
          isStopping: course.isStopping,
          loopDelayMs: parts.pulse?.takeLoopDelayMs() ?? 0,
        }),
      alerts: parts.alerts,
      replay: parts.replay,
      isStopping: () => course.isStopping,
      journal,
      protect: (secrets) => session.protect(secrets),
      isTerminal: options.output.isTerminal,
    });
    await parts.console.server.prepare();
  }
  session.start();
  // A replay's moments lie in the recording's time, beside those of the present.
  const curves = setup.opened === undefined ? new CurveJournal({ engine, journal, clock: wall }) : undefined;
  parts.pulse = new HostPulse({
    clock: wall,
    driver,
    engine,
    journal,
    log,
    tsStartMs,
    onTick: () => {
      // Threads take a while to load, so quotes come first; where none come they start all the same.
      const isTime = parts.pulse?.hasQuotes || wall.monotonicMs() - tsStartMs >= threadsAfterMs;
      if (isTime && !course.isStopping) parts.startThreads();
      opportunities.tick();
      curves?.tick();
    },
  });
  parts.pulse.start();
}

async function playRecording({ wall, parts: { replay } }: HostSetup, manager: PluginManager): Promise<void> {
  if (replay === undefined) return;
  const { untilStrategiesAreUp } = await import("./replay/open_replay.ts");
  await untilStrategiesAreUp(manager, wall);
  replay.start();
}
