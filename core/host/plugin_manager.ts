/**
 * The life of every plugin: found, probed, decided on, started, watched, restarted, stopped. One record a plugin, one
 * state at a time; every change is logged and shown.
 *
 * found → probing → (broken | awaiting_approval | disabled | starting) → running → (backing_off → starting |
 * quarantined | stopping → stopped)
 */
import { join } from "node:path";
import type { GrantedBudget } from "../engine/events.ts";
import { BerthError, describeError } from "../errors.ts";
import type { Clock } from "../model/clock.ts";
import { pluginId as toPluginId, type VenueId, venueId } from "../model/ids.ts";
import {
  type ExchangeHello,
  type HostMessage,
  protocolVersion,
  type StrategyHello,
} from "../protocol/messages.ts";
import { defaultHeartbeatEveryMs } from "../sandbox/child_process.ts";
import type { Sandbox, SandboxLimits, SandboxProcess, SandboxUsage } from "../sandbox/sandbox.ts";
import { defaultLimits } from "../sandbox/sandbox.ts";
import { afterCrash } from "../sandbox/supervisor.ts";
import type { Environment, ExchangeManifest, Manifest, StrategyManifest } from "../sdk/manifest.ts";
import { AdapterChannel } from "./adapter_channel.ts";
import type { PluginConfig } from "./config.ts";
import type { PluginSource } from "./discovery.ts";
import { canonicalJson, filesHash, fingerprint } from "./fingerprint.ts";
import { decide, type Decision, type GrantBook } from "./grants.ts";
import { checkSettings, type Fault } from "./manifest_schema.ts";
import type { AccessResult, AdapterAccess } from "./modes.ts";
import { paperCapabilities, type PaperDesk } from "./paper_desk.ts";
import type { EngineDriver, HostLog, Tally } from "./ports.ts";
import { probeManifest } from "./probe.ts";
import { budgetOf, grantOf, StrategyChannel, visibleInstruments } from "./strategy_channel.ts";
import { VenueQuestions } from "./venue_questions.ts";

export type PluginState =
  | { readonly kind: "found" | "probing" | "starting" | "running" | "stopping" | "disabled" }
  | { readonly kind: "broken"; readonly why: string }
  | { readonly kind: "awaiting_approval"; readonly why: string }
  | { readonly kind: "backing_off"; readonly why: string; readonly untilMs: number }
  | { readonly kind: "quarantined"; readonly why: string }
  | { readonly kind: "stopped"; readonly why: string };

export interface PluginView {
  readonly id: string;
  readonly kind: "strategy" | "exchange" | "unknown";
  readonly state: PluginState;
  readonly usage: SandboxUsage | undefined;
  readonly restarts: number;
  readonly decision: Decision | undefined;
}

export interface PluginManagerOptions {
  readonly clock: Clock;
  readonly sandbox: Sandbox;
  readonly driver: EngineDriver;
  readonly log: HostLog;
  readonly tally: Tally;
  readonly environment: Environment;
  readonly seed: number;
  readonly grants: GrantBook;
  /** Folders whose plugins came with berth, and those trusted on the command line. */
  readonly bundledFolders: readonly string[];
  readonly trustedFolders: readonly string[];
  readonly configOf: (id: string) => PluginConfig;
  /** Symbols the operator named; undefined for what the strategies ask for. */
  readonly symbols: readonly string[] | undefined;
  readonly accessOf: (manifest: ExchangeManifest) => AccessResult;
  /** In paper trading: makes the host's own venue in place of a real one. */
  readonly paperDesk: (venue: VenueId) => PaperDesk;
  readonly savedState: (id: string) => unknown;
  readonly keepState: (id: string, value: unknown) => void;
  /** Journalled: `plugin_state` with why. */
  readonly onState: (id: string, state: PluginState) => void;
}

interface Managed {
  readonly source: PluginSource;
  id: string;
  state: PluginState;
  manifest: Manifest | undefined;
  decision: Decision | undefined;
  process: SandboxProcess | undefined;
  /** Settings that its process has, as canonical text. */
  settingsText: string;
  /** Paper trading only. */
  paper: PaperDesk | undefined;
  subscriber: number;
  restarts: number;
  readonly crashesMs: number[];
}

const stopDeadlineMs = 3_000;

const whyOf = (state: PluginState): string => ("why" in state ? state.why : "");

export class PluginManager {
  /** What any part of the host may ask of the adapters that run. */
  readonly questions = new VenueQuestions();
  readonly #options: PluginManagerOptions;
  readonly #plugins = new Map<string, Managed>();
  #nextSubscriber = 0;
  #isStopping = false;

  constructor(options: PluginManagerOptions) {
    this.#options = options;
  }

  views(): readonly PluginView[] {
    return [...this.#plugins.values()].map((plugin) => ({
      id: plugin.id,
      kind: plugin.manifest?.kind ?? "unknown",
      state: plugin.state,
      usage: plugin.process?.usage(),
      restarts: plugin.restarts,
      decision: plugin.decision,
    }));
  }

  /** Manifests of the adapters that were found, once {@link probeAll} is done. */
  get exchangeManifests(): readonly ExchangeManifest[] {
    return [...this.#plugins.values()].flatMap((
      { manifest },
    ) => (manifest?.kind === "exchange" ? [manifest] : []));
  }

  /** Venues whose adapters are meant to run: whose word a kill waits for. */
  tradedVenues(): readonly VenueId[] {
    return [...this.#plugins.values()].flatMap(({ manifest, state }) =>
      manifest?.kind === "exchange" && state.kind !== "disabled" && state.kind !== "stopped"
        ? [venueId(manifest.venue)]
        : []
    );
  }

  /** Reads all manifests, side by side. */
  async probeAll(sources: readonly PluginSource[]): Promise<void> {
    await Promise.all(sources.map((source) => this.#probe(source)));
  }

  /** Starts everything that may run. Adapters and strategies come up together; data flows when both are there. */
  startAll(): void {
    for (const plugin of this.#plugins.values()) {
      if (plugin.manifest !== undefined && plugin.state.kind === "found") this.#start(plugin);
    }
  }

  /** Strategies first, so that nothing new is sent; adapters when {@link stopAdapters} is called. */
  async stopStrategies(reason: string): Promise<void> {
    this.#isStopping = true;
    await this.#stopKind("strategy", reason);
  }

  async stopAdapters(reason: string): Promise<void> {
    this.#isStopping = true;
    await this.#stopKind("exchange", reason);
  }

  /** Ends every process at once. */
  async killAll(): Promise<void> {
    this.#isStopping = true;
    const running = [...this.#plugins.values()].flatMap((
      { process, id },
    ) => (process === undefined ? [] : [{ process, id }]));
    await Promise.all(
      running.map(({ process, id }) =>
        process.kill(new BerthError("PLUGIN_STOP_LATE", { pluginId: id, deadlineMs: 0 }))
      ),
    );
  }

  /** Hands changed settings to running strategies; what does not fit is told and changes nothing. */
  applySettings(configOf: (id: string) => PluginConfig): void {
    for (const plugin of this.#plugins.values()) {
      if (plugin.manifest?.kind !== "strategy" || plugin.process === undefined) continue;
      const checked = checkSettings(plugin.manifest.settings, configOf(plugin.id).settings);
      if (checked.kind === "invalid") {
        this.#options.log.write(
          "error",
          plugin.id,
          `settings not changed: ${checked.faults.map(faultText).join("; ")}`,
        );
        continue;
      }
      const text = canonicalJson(checked.value);
      if (text === plugin.settingsText) continue;
      plugin.settingsText = text;
      this.#options.log.write("info", plugin.id, "settings changed");
      plugin.process.send({ type: "settings", settings: checked.value });
    }
  }

  /** Tells each adapter which data the running strategies want. */
  refreshSubscriptions(): void {
    for (let index = 0; this.#options.driver.engine.instrument(index) !== undefined; index++) {
      this.#subscribe(index);
    }
  }

  async #stopKind(kind: Manifest["kind"], reason: string): Promise<void> {
    const affected = [...this.#plugins.values()].filter((plugin) => plugin.manifest?.kind === kind);
    await Promise.all(affected.map(async (plugin) => {
      const { process } = plugin;
      if (process === undefined) {
        if (plugin.state.kind === "backing_off") this.#setState(plugin, { kind: "stopped", why: reason });
        return;
      }
      this.#setState(plugin, { kind: "stopping" });
      await process.stop(reason, stopDeadlineMs);
    }));
  }

  #setState(plugin: Managed, state: PluginState): void {
    plugin.state = state;
    const level = state.kind === "broken" || state.kind === "quarantined"
      ? "error"
      : state.kind === "backing_off"
      ? "warn"
      : "info";
    const why = whyOf(state);
    this.#options.log.write(level, plugin.id, why === "" ? state.kind : `${state.kind}: ${why}`);
    this.#options.onState(plugin.id, state);
  }

  async #probe(source: PluginSource): Promise<void> {
    const plugin: Managed = {
      source,
      id: source.name,
      state: { kind: "probing" },
      manifest: undefined,
      decision: undefined,
      process: undefined,
      settingsText: "",
      paper: undefined,
      subscriber: -1,
      restarts: 0,
      crashesMs: [],
    };
    this.#plugins.set(source.rootPath, plugin);
    try {
      const probed = await probeManifest(this.#options.sandbox, source);
      if (probed.kind === "broken") return this.#setState(plugin, { kind: "broken", why: probed.why });
      plugin.manifest = probed.manifest;
      plugin.id = probed.manifest.id;
      const twin = [...this.#plugins.values()].find((other) =>
        other !== plugin && other.manifest?.id === plugin.id
      );
      if (twin !== undefined) {
        plugin.manifest = undefined;
        return this.#setState(plugin, { kind: "broken", why: `its id is that of ${twin.source.rootPath}` });
      }
      await this.#decide(plugin, probed.manifest);
    } catch (error) {
      this.#setState(plugin, { kind: "broken", why: describeError(error) });
    }
  }

  async #decide(plugin: Managed, manifest: Manifest): Promise<void> {
    const { environment, grants, bundledFolders, trustedFolders, configOf } = this.#options;
    const isBelow = (folders: readonly string[]): boolean =>
      folders.some((folder) => plugin.source.rootPath.startsWith(join(folder, "/")));
    plugin.decision = decide(grants, {
      manifest,
      fingerprint: fingerprint(await filesHash(plugin.source), manifest),
      environment,
      isTrusted: isBelow(trustedFolders),
      isBundled: isBelow(bundledFolders),
    });
    if (plugin.decision.kind === "wait") {
      return this.#setState(plugin, {
        kind: "awaiting_approval",
        why: `${plugin.decision.why}: ${plugin.decision.words.join("; ")}`,
      });
    }
    const isOff = plugin.decision.kind === "disabled" || !configOf(plugin.id).enabled;
    if (isOff) this.#setState(plugin, { kind: "disabled" });
    else plugin.state = { kind: "found" };
  }

  #start(plugin: Managed): void {
    const { manifest } = plugin;
    if (manifest === undefined || this.#isStopping) return;
    const settings = checkSettings(manifest.settings, this.#options.configOf(plugin.id).settings);
    if (settings.kind === "invalid") {
      return this.#setState(plugin, { kind: "broken", why: settings.faults.map(faultText).join("; ") });
    }
    plugin.settingsText = canonicalJson(settings.value);
    if (manifest.kind === "strategy") this.#startStrategy(plugin, manifest, settings.value);
    else this.#startAdapter(plugin, manifest, settings.value);
  }

  #limits(plugin: Managed): SandboxLimits {
    const { limits } = this.#options.configOf(plugin.id);
    return {
      ...defaultLimits,
      heapMb: limits.maxHeapMb,
      rssMb: limits.maxMemoryMb,
      heartbeatMs: limits.heartbeatMs,
      startTimeoutMs: limits.startMs,
    };
  }

  #helloBase(
    plugin: Managed,
    settings: Readonly<Record<string, unknown>>,
  ): Omit<StrategyHello, "role" | "instruments"> {
    const { environment, clock, seed, savedState } = this.#options;
    return {
      type: "hello",
      protocolVersion,
      pluginId: toPluginId(plugin.id),
      environment,
      settings,
      secrets: {},
      savedState: savedState(plugin.id),
      seed,
      heartbeatEveryMs: defaultHeartbeatEveryMs,
      timeMode: "real",
      epochUs: clock.epochUs(),
    };
  }

  #startStrategy(
    plugin: Managed,
    manifest: StrategyManifest,
    settings: Readonly<Record<string, unknown>>,
  ): void {
    const { driver, log, tally, clock } = this.#options;
    const id = toPluginId(plugin.id);
    const hello: StrategyHello = {
      ...this.#helloBase(plugin, settings),
      role: "strategy",
      instruments: visibleInstruments(driver, manifest),
    };
    const channel = new StrategyChannel({
      plugin: id,
      manifest,
      driver,
      log,
      tally,
      saveState: (value) => this.#options.keepState(plugin.id, value),
      onBreach: (reason) => void plugin.process?.kill(reason),
    });
    const { net = [], read = [], write = [] } = manifest.permissions ?? {};
    this.#spawn(plugin, hello, { net, read, write }, [], {
      onMessage: (message) => channel.onMessage(message),
      onRecords: () => undefined,
      onBook: () => undefined,
    });
    if (plugin.process === undefined) return;
    if (plugin.subscriber < 0) plugin.subscriber = this.#nextSubscriber++;
    driver.attachStrategy(plugin.id, plugin.subscriber, plugin.process);
    const budget: GrantedBudget = budgetOf(manifest, this.#options.configOf(plugin.id).budget);
    driver.dispatch({
      kind: "plugin_started",
      tsUs: clock.epochUs(),
      plugin: id,
      subscriber: plugin.subscriber,
      grant: grantOf(manifest),
      budget,
      onStop: manifest.onStop,
    });
    this.refreshSubscriptions();
  }

  #startAdapter(
    plugin: Managed,
    manifest: ExchangeManifest,
    settings: Readonly<Record<string, unknown>>,
  ): void {
    const access = this.#options.accessOf(manifest);
    if (access.kind === "impossible") {
      return this.#setState(plugin, { kind: "stopped", why: `${access.what} ${access.fix}` });
    }
    const { driver, log, tally } = this.#options;
    const venue = venueId(manifest.venue);
    plugin.paper?.stop();
    plugin.paper = access.access.isPaper ? this.#options.paperDesk(venue) : undefined;
    const { paper } = plugin;
    const channel = new AdapterChannel({
      paper,
      pluginId: plugin.id,
      venue,
      driver,
      log,
      tally,
      questions: this.questions,
      onInstrument: (index, isNew) => this.#onInstrument(index, isNew),
      onBreach: (reason) => void plugin.process?.kill(reason),
    });
    this.#spawn(
      plugin,
      this.#exchangeHello(plugin, manifest, settings, access.access),
      { net: access.access.netHosts, read: [], write: [] },
      manifest.packages,
      {
        onMessage: (message) => {
          if (message.type === "ready") {
            this.#onAdapterReady(
              manifest,
              paper === undefined ? message : { hasTrading: true, capabilities: paperCapabilities },
            );
          }
          channel.onMessage(message);
        },
        onRecords: (payload) => channel.onRecords(payload),
        onBook: (book) => {
          const mine = channel.bookOf(book);
          if (mine === undefined) return;
          for (const subscriber of driver.engine.router.subscribers(mine.index, "books")) {
            this.#bySubscriber(
              subscriber,
            )?.pushBook(mine.book);
          }
        },
      },
    );
    const { process } = plugin;
    if (process === undefined) return;
    driver.attachAdapter(
      manifest.venue,
      paper === undefined ? (_id, request) => process.send(request) : paper.request,
    );
    // Beside the engine the real venue is asked, in paper trading too: it needs no account for that.
    this.questions.attach(venue, (_id, request) => process.send(request));
  }

  #bySubscriber(subscriber: number): SandboxProcess | undefined {
    return [...this.#plugins.values()].find((plugin) => plugin.subscriber === subscriber)?.process;
  }

  #exchangeHello(
    plugin: Managed,
    manifest: ExchangeManifest,
    settings: Readonly<Record<string, unknown>>,
    access: AdapterAccess,
  ): ExchangeHello {
    const wanted = [...this.#plugins.values()].flatMap((
      other,
    ) => (other.manifest?.kind === "strategy" ? other.manifest.trading.instruments : []));
    return {
      ...this.#helloBase(plugin, settings),
      role: "exchange",
      venue: manifest.venue,
      endpoints: access.endpoints,
      secrets: access.isPaper ? {} : access.secrets,
      // With no strategy there is still something to look at.
      symbols: this.#options.symbols ?? (wanted.length === 0 ? ["*-PERP"] : [...new Set(wanted)]),
    };
  }

  #onAdapterReady(
    manifest: ExchangeManifest,
    message: {
      readonly hasTrading: boolean;
      readonly capabilities: Readonly<Record<string, boolean>> | undefined;
    },
  ): void {
    const { driver, clock } = this.#options;
    driver.dispatch({
      kind: "adapter_started",
      tsUs: clock.epochUs(),
      venue: venueId(manifest.venue),
      hasTrading: message.hasTrading,
      capabilities: message.capabilities ?? {},
    });
    this.refreshSubscriptions();
  }

  #onInstrument(index: number, isNew: boolean): void {
    const { driver } = this.#options;
    const instrument = driver.engine.instrument(index);
    if (instrument === undefined) return;
    for (const plugin of this.#plugins.values()) {
      if (plugin.manifest?.kind !== "strategy" || plugin.process === undefined) continue;
      const visible = visibleInstruments(driver, plugin.manifest).filter((one) => one.index === index);
      if (visible.length > 0) plugin.process.send({ type: "instruments", instruments: visible });
    }
    if (isNew) this.#subscribe(index);
  }

  /** Quotes and marks of every instrument are wanted by the risk gate itself, the rest by strategies. */
  #subscribe(index: number): void {
    const { engine } = this.#options.driver;
    const instrument = engine.instrument(index);
    if (instrument === undefined) return;
    const adapter = [...this.#plugins.values()].find(({ manifest }) =>
      manifest?.kind === "exchange" && manifest.venue === instrument.venue
    );
    const extra = (["trades", "books"] as const).filter((kind) =>
      engine.router.subscribers(index, kind).length > 0
    );
    adapter?.process?.send({
      type: "subscribe",
      instrument: instrument.id,
      kinds: ["quotes", "marks", ...extra],
    });
  }

  #spawn(
    plugin: Managed,
    hello: Extract<HostMessage, { readonly type: "hello" }>,
    permissions: {
      readonly net: readonly string[];
      readonly read: readonly string[];
      readonly write: readonly string[];
    },
    packages: readonly string[],
    handlers: Pick<Parameters<Sandbox["start"]>[1], "onMessage" | "onRecords" | "onBook">,
  ): void {
    this.#setState(plugin, { kind: "starting" });
    const { sandbox, log } = this.#options;
    plugin.process = sandbox.start({
      pluginId: toPluginId(plugin.id),
      role: hello.role,
      entryPath: plugin.source.entryPath,
      rootPath: plugin.source.rootPath,
      permissions,
      packages,
      limits: this.#limits(plugin),
      hello,
    }, {
      ...handlers,
      onMessage: (message) => {
        if (message.type === "ready" && plugin.state.kind === "starting") {
          this.#setState(plugin, { kind: "running" });
        }
        handlers.onMessage(message);
      },
      onErrorLine: (line) => log.write("debug", plugin.id, line, { from: "stderr" }),
      onExit: (exit) => this.#onExit(plugin, exit.reason),
    });
  }

  #onExit(plugin: Managed, reason: BerthError | undefined): void {
    const { driver, clock } = this.#options;
    plugin.process = undefined;
    const why = reason === undefined ? "stopped" : describeError(reason);
    const tsUs = clock.epochUs();
    if (plugin.manifest?.kind === "strategy") {
      driver.attachStrategy(plugin.id, plugin.subscriber, undefined);
      driver.dispatch({
        kind: "plugin_stopped",
        tsUs,
        plugin: toPluginId(plugin.id),
        reason: why,
        isFinal: true,
      });
    } else if (plugin.manifest?.kind === "exchange") {
      plugin.paper?.stop();
      driver.attachAdapter(plugin.manifest.venue, undefined);
      this.questions.detach(venueId(plugin.manifest.venue), why);
      driver.dispatch({ kind: "adapter_lost", tsUs, venue: venueId(plugin.manifest.venue), reason: why });
    }
    if (this.#isStopping || reason === undefined) {
      return this.#setState(plugin, { kind: "stopped", why: reason === undefined ? "" : why });
    }
    this.#afterCrash(plugin, why);
  }

  #afterCrash(plugin: Managed, why: string): void {
    const { clock } = this.#options;
    plugin.crashesMs.push(clock.monotonicMs());
    const next = afterCrash(plugin.crashesMs);
    if (next.kind === "quarantine") return this.#setState(plugin, { kind: "quarantined", why });
    this.#setState(plugin, { kind: "backing_off", why, untilMs: clock.epochMs() + next.delayMs });
    setTimeout(() => {
      if (plugin.state.kind !== "backing_off") return;
      plugin.restarts += 1;
      this.#start(plugin);
    }, next.delayMs);
  }
}

const faultText = (fault: Fault): string =>
  `setting ${fault.field} is ${fault.found}; expected ${fault.expected}`;
