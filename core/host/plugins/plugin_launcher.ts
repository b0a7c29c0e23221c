/**
 * Starts one plugin's process and ties it to the engine: a strategy by its grant and budget, an adapter by its venue.
 * What it may reach is exactly what its manifest names and, for an adapter, what its environment allows.
 */
import { describeError } from "../../errors.ts";
import { pluginId as toPluginId, type VenueId, venueId } from "../../model/ids.ts";
import {
  type ExchangeHello,
  type HelloBase,
  protocolVersion,
  type StrategyHello,
} from "../../protocol/messages.ts";
import { defaultHeartbeatEveryMs } from "../../sandbox/child_process.ts";
import type {
  Sandbox,
  SandboxExit,
  SandboxHandlers,
  SandboxProcess,
  SandboxSpec,
} from "../../sandbox/sandbox.ts";
import { defaultLimits } from "../../sandbox/sandbox.ts";
import type { Environment, ExchangeManifest, StrategyManifest } from "../../sdk/manifest.ts";
import { AdapterChannel } from "./adapter_channel.ts";
import type { PluginConfig } from "../config/config.ts";
import type { PluginSource } from "./discovery.ts";
import { missingOrLinked } from "./guarded_paths.ts";
import type { AccessResult, AdapterAccess } from "../venues/modes.ts";
import { paperCapabilities, type PaperDesk } from "../venues/paper_desk.ts";
import { knownBooks, type PluginSubscriptions } from "./plugin_subscriptions.ts";
import { inPlace, type SoundVersion } from "./plugin_version.ts";
import type { EngineDriver, HostLog, Tally } from "../ports.ts";
import type { PacedStrategies } from "../replay/paced_strategies.ts";
import type { SecretsResult } from "../config/secrets.ts";
import type { VenueQuestions } from "../venues/venue_questions.ts";
import { budgetOf, grantOf, StrategyChannel, visibleInstruments } from "./strategy_channel.ts";

export interface LauncherOptions {
  readonly sandbox: Sandbox;
  readonly driver: EngineDriver;
  readonly log: HostLog;
  readonly tally: Tally;
  readonly environment: Environment;
  readonly seed: number;
  readonly subscriptions: PluginSubscriptions;
  /** What any part of the host may ask of the adapters that run. */
  readonly questions: VenueQuestions;
  readonly accessOf: (manifest: ExchangeManifest) => AccessResult;
  /** The operator's names for a venue's instruments, by the venue's symbols. */
  readonly instrumentNames: (venue: string) => Readonly<Record<string, string>>;
  /** Values of the secrets that a strategy names. */
  readonly secretsOf: (names: readonly string[]) => SecretsResult;
  /** In paper trading: the host's own venue in place of a real one, the same at every start of its adapter. */
  readonly paperDesk: (venue: VenueId) => PaperDesk;
  readonly keepState: (id: string, value: unknown) => void;
  /** Where the host moves the strategies' time; undefined where it moves by itself. */
  readonly pace: PacedStrategies | undefined;
}

/** One start of one version. */
export interface Launch {
  readonly source: PluginSource;
  readonly version: SoundVersion;
  /** The strategy's number on the data plane; an adapter has none. */
  readonly subscriber: number;
  readonly config: PluginConfig;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly savedState: unknown;
  /** Symbols that an adapter should list. */
  readonly symbols: readonly string[];
  readonly onReady: () => void;
  /** Its venue could not be reached for as many attempts as the operator allows. May be called again until it ends. */
  readonly onGiveUp: (failedAttempts: number) => void;
  readonly onExit: (exit: SandboxExit) => void;
}

export interface Launched {
  readonly kind: "launched";
  readonly process: SandboxProcess;
  /** Tells the engine that it is gone. `isFinal` false: its next version follows, its orders stay. */
  readonly detach: (reason: string, isFinal: boolean) => void;
}

export type LaunchResult = Launched | { readonly kind: "impossible"; readonly why: string };

type Permissions = SandboxSpec["permissions"];

export class PluginLauncher {
  readonly #options: LauncherOptions;

  constructor(options: LauncherOptions) {
    this.#options = options;
  }

  launch(launch: Launch): LaunchResult {
    const { manifest } = launch.version;
    return manifest.kind === "strategy" ? this.#strategy(launch, manifest) : this.#adapter(launch, manifest);
  }

  #strategy(launch: Launch, manifest: StrategyManifest): LaunchResult {
    const { driver, log, tally, keepState, secretsOf, subscriptions, pace } = this.#options;
    const { net = [], read = [], write = [], secrets = [] } = manifest.permissions ?? {};
    const found: SecretsResult = secrets.length === 0 ? { kind: "found", values: {} } : secretsOf(secrets);
    if (found.kind === "missing") {
      const why = `It lacks ${found.names.join(", ")}. Put ${
        found.names.length > 1 ? "them" : "it"
      } into .env.`;
      return { kind: "impossible", why };
    }
    const unfit = missingOrLinked([...read, ...write]);
    if (unfit !== undefined) return { kind: "impossible", why: unfit };
    const id = toPluginId(manifest.id);
    const hello: StrategyHello = {
      ...this.#helloBase(launch),
      role: "strategy",
      timeMode: pace === undefined ? "real" : "virtual",
      instruments: visibleInstruments(driver, manifest),
      secrets: found.values,
    };
    const channel = new StrategyChannel({
      plugin: id,
      manifest,
      driver,
      log,
      tally,
      saveState: (value) => keepState(manifest.id, value),
      askHistory: (question) => this.#options.questions.history(question),
      answer: (questionId, answer) => process.send({ type: "history_answer", questionId, answer }),
      onBreach: (reason) => void process.kill(reason),
    });
    const process = this.#spawn(launch, hello, { net, read, write }, [], {
      onMessage: (message) => {
        if (paced?.hears(message) !== true) channel.onMessage(message);
      },
      onRecords: () => undefined,
      onBook: () => undefined,
    });
    const paced = pace?.pace(process);
    const { subscriber } = launch;
    const strategy = paced ?? process;
    for (const book of knownBooks(driver, manifest)) strategy.pushBook(book);
    driver.attachStrategy(manifest.id, subscriber, strategy);
    driver.dispatch({
      kind: "plugin_started",
      tsUs: driver.clock.epochUs(),
      plugin: id,
      subscriber,
      grant: grantOf(manifest),
      budget: budgetOf(manifest, launch.config.budget),
      onStop: manifest.onStop,
    });
    subscriptions.refresh();
    const detach = (reason: string, isFinal: boolean): void => {
      driver.attachStrategy(manifest.id, subscriber, undefined);
      driver.dispatch({ kind: "plugin_stopped", tsUs: driver.clock.epochUs(), plugin: id, reason, isFinal });
    };
    return { kind: "launched", process: strategy, detach };
  }

  #adapter(launch: Launch, manifest: ExchangeManifest): LaunchResult {
    const { driver, log, tally, subscriptions, questions, accessOf, paperDesk } = this.#options;
    const result = accessOf(manifest);
    if (result.kind === "impossible") return { kind: "impossible", why: `${result.what} ${result.fix}` };
    const { access } = result;
    const venue = venueId(manifest.venue);
    const paper = access.isPaper ? paperDesk(venue) : undefined;
    const { maxConnectAttempts: afterAttempts } = launch.config.limits;
    const channel = new AdapterChannel({
      paper,
      pluginId: manifest.id,
      venue,
      driver,
      log,
      tally,
      questions,
      onInstrument: (index, isNew) => subscriptions.onInstrument(index, isNew),
      onBreach: (reason) => void process.kill(reason),
      giveUp: afterAttempts === undefined ? undefined : { afterAttempts, act: launch.onGiveUp },
    });
    const permissions = { net: access.netHosts, read: [], write: [] };
    const process = this.#spawn(
      launch,
      this.#exchangeHello(launch, manifest, access),
      permissions,
      manifest.packages,
      {
        onMessage: (message) => {
          if (message.type === "ready") {
            const abilities = paper === undefined
              ? message
              : { hasTrading: true, capabilities: paperCapabilities };
            subscriptions.onAdapterReady(manifest, abilities);
          }
          channel.onMessage(message);
        },
        onRecords: (payload) => channel.onRecords(payload),
        onBook: (book) => {
          const mine = channel.bookOf(book);
          if (mine !== undefined) subscriptions.onBook(mine.index, mine.book);
        },
      },
    );
    paper?.open();
    subscriptions.startedWith(process, launch.symbols);
    driver.attachAdapter(
      manifest.venue,
      paper === undefined ? (_id, request) => process.send(request) : paper.request,
    );
    // Beside the engine the real venue is asked, in paper trading too: it needs no account for that.
    questions.attach(venue, (_id, request) => process.send(request));
    const detach = (reason: string): void => {
      paper?.close();
      driver.attachAdapter(manifest.venue, undefined);
      questions.detach(venue, reason);
      driver.dispatch({ kind: "adapter_lost", tsUs: driver.clock.epochUs(), venue, reason });
    };
    return { kind: "launched", process, detach };
  }

  #helloBase({ version, settings, savedState }: Launch): HelloBase {
    const { environment, driver, seed } = this.#options;
    return {
      type: "hello",
      protocolVersion,
      pluginId: toPluginId(version.manifest.id),
      environment,
      settings,
      secrets: {},
      savedState,
      seed,
      heartbeatEveryMs: defaultHeartbeatEveryMs,
      timeMode: "real",
      epochUs: driver.clock.epochUs(),
    };
  }

  #exchangeHello(launch: Launch, manifest: ExchangeManifest, access: AdapterAccess): ExchangeHello {
    return {
      ...this.#helloBase(launch),
      role: "exchange",
      venue: manifest.venue,
      endpoints: access.endpoints,
      secrets: access.isPaper ? {} : access.secrets,
      symbols: launch.symbols,
      instrumentNames: this.#options.instrumentNames(manifest.venue),
    };
  }

  #spawn(
    launch: Launch,
    hello: StrategyHello | ExchangeHello,
    permissions: Permissions,
    packages: readonly string[],
    handlers: Pick<SandboxHandlers, "onMessage" | "onRecords" | "onBook">,
  ): SandboxProcess {
    const { sandbox, log } = this.#options;
    const { version, source, config: { limits } } = launch;
    const { files, manifest } = version;
    return sandbox.start({
      pluginId: toPluginId(manifest.id),
      role: hello.role,
      entryPath: files.entryPath,
      rootPath: files.rootPath,
      filesHash: version.filesHash,
      permissions,
      packages,
      limits: {
        ...defaultLimits,
        heapMb: limits.maxHeapMb,
        rssMb: limits.maxMemoryMb,
        cpuShare: limits.maxCpuShare,
        cpuWindowMs: limits.cpuWindowMs,
        heartbeatMs: limits.heartbeatMs,
        startTimeoutMs: limits.startMs,
      },
      hello,
    }, {
      ...handlers,
      onMessage: (message) => {
        if (message.type === "ready") launch.onReady();
        handlers.onMessage(
          message.type === "callback_error"
            ? { ...message, details: inPlace(message.details, files, source) }
            : message,
        );
      },
      onErrorLine: (line) =>
        log.write("debug", manifest.id, inPlace(line, files, source), { from: "stderr" }),
      onExit: launch.onExit,
    });
  }
}

/** Why a process is gone, with the operator's own paths in it. */
export const exitWords = (exit: SandboxExit, { version, source }: Launch): string =>
  exit.reason === undefined ? "stopped" : inPlace(describeError(exit.reason), version.files, source);
