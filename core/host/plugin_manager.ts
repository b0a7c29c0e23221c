/**
 * The life of every plugin: found, examined, admitted, started, watched, restarted, replaced, stopped. One slot a file
 * or folder; what is to happen to a slot happens one after the other.
 *
 * Invariants:
 * 1. What runs are the laid out files whose fingerprint was judged, never the files in the folder.
 * 2. A version that is broken, waits, or failed to start never ends the one that runs.
 * 3. Whatever ends for good has its orders cancelled by the engine; a version that is replaced hands them on.
 */
import { dirname } from "node:path";
import { BerthError, describeError } from "../errors.ts";
import type { Clock } from "../model/clock.ts";
import { type VenueId, venueId } from "../model/ids.ts";
import type { SandboxExit } from "../sandbox/sandbox.ts";
import { afterCrash } from "../sandbox/supervisor.ts";
import type { ExchangeManifest, Manifest } from "../sdk/manifest.ts";
import type { PluginConfig } from "./config.ts";
import type { PluginSource } from "./discovery.ts";
import { canonicalJson } from "./fingerprint.ts";
import type { FoundPlugin } from "./folder_watch.ts";
import type { GrantBook } from "./grants.ts";
import { checkSettings } from "./manifest_schema.ts";
import { type AdmissionRules, faultsText, isBundled } from "./plugin_admission.ts";
import { removeOthers } from "./laid_out_files.ts";
import { exitWords, type Launch, type LauncherOptions, PluginLauncher } from "./plugin_launcher.ts";
import { isHeld, manifestOf, newSlot, type Slot, targetOf } from "./plugin_slot.ts";
import { type PendingUpdate, type PluginState, type PluginView, whyOf } from "./plugin_states.ts";
import { PluginSubscriptions, type RunningPlugin } from "./plugin_subscriptions.ts";
import { examine, type SoundVersion } from "./plugin_version.ts";
import { inTurns } from "./turns.ts";
import { VenueQuestions } from "./venue_questions.ts";

export type { PluginState, PluginView } from "./plugin_states.ts";

export interface PluginManagerOptions
  extends
    Omit<LauncherOptions, "subscriptions" | "questions" | "keepState">,
    Omit<AdmissionRules, "venueSecrets" | "grants" | "configOf"> {
  readonly clock: Clock;
  /** A folder of the host's own: files of the plugins as they were examined. */
  readonly filesFolder: string;
  readonly grants: GrantBook;
  readonly configOf: (id: string) => PluginConfig;
  /** Symbols the operator named; undefined for what the strategies ask for. */
  readonly symbols: readonly string[] | undefined;
  /** What earlier runs kept. */
  readonly savedState: (id: string) => unknown;
  readonly keepState: (id: string, value: unknown) => void;
  /** Journalled: `plugin_state` with why; beside a version that runs, what became of a newer one. */
  readonly onState: (id: string, state: PluginState, update: PendingUpdate | undefined) => void;
}

const stopDeadlineMs = 3_000;
/** A version that was killed while it was read is looked at again this often. */
const maxLooks = 3;
const lookAgainMs = 2_000;
/** Each is a process of some 60 MB. */
const probesAtATime = 4;

const updateWords: Readonly<Record<PendingUpdate["kind"], string>> = {
  awaiting_approval: "its changed file waits, the version before it runs on",
  broken: "its changed file is broken, the version before it runs on",
  failed: "its changed file did not start, the version before it is put back",
};

export class PluginManager {
  /** What any part of the host may ask of the adapters that run. */
  readonly questions = new VenueQuestions();
  readonly #options: PluginManagerOptions;
  readonly #slots = new Map<string, Slot>();
  readonly #states = new Map<string, unknown>();
  readonly #subscriptions: PluginSubscriptions;
  readonly #launcher: PluginLauncher;
  readonly #inTurn = inTurns(probesAtATime);
  readonly #looking = new AbortController();
  #grants: GrantBook;
  #configOf: (id: string) => PluginConfig;
  #nextSubscriber = 0;
  #isStarted = false;
  #isStopping = false;

  constructor(options: PluginManagerOptions) {
    this.#options = options;
    this.#grants = options.grants;
    this.#configOf = options.configOf;
    this.#subscriptions = new PluginSubscriptions(options.driver, () => this.#running());
    this.#launcher = new PluginLauncher({
      ...options,
      subscriptions: this.#subscriptions,
      questions: this.questions,
      keepState: (id, value) => this.#keepState(id, value),
    });
  }

  views(): readonly PluginView[] {
    return [...this.#slots.values()].map((slot) => {
      const manifest = manifestOf(slot);
      return {
        id: slot.id,
        kind: manifest?.kind ?? "unknown",
        version: manifest?.version,
        path: slot.source.rootPath,
        state: slot.state,
        update: slot.update,
        usage: slot.process?.usage(),
        restarts: slot.restarts,
        decision: slot.decision,
      };
    });
  }

  /** Manifests of the adapters that were found, once {@link probeAll} is done. */
  get exchangeManifests(): readonly ExchangeManifest[] {
    return [...this.#slots.values()].flatMap((slot) => {
      const manifest = manifestOf(slot);
      return manifest?.kind === "exchange" ? [manifest] : [];
    });
  }

  /** Venues whose adapters are meant to run: whose word a kill waits for. */
  tradedVenues(): readonly VenueId[] {
    return [...this.#slots.values()].flatMap((slot) => {
      const manifest = manifestOf(slot);
      return manifest?.kind === "exchange" && slot.state.kind !== "disabled" && slot.state.kind !== "stopped"
        ? [venueId(manifest.venue)]
        : [];
    });
  }

  /** Reads all plugins, side by side, and forgets files of versions that are no more. */
  async probeAll(sources: readonly PluginSource[]): Promise<void> {
    const slots = sources.map((source) => this.#slotOf(source));
    await Promise.all(slots.map((slot) => this.#enqueue(slot, () => this.#look(slot))));
    const hashes = [...this.#slots.values()].flatMap(({ newest }) => newest?.filesHash ?? []);
    await removeOthers(this.#options.filesFolder, new Set(hashes));
  }

  /** Starts everything that may run. Adapters and strategies come up together; data flows when both are there. */
  startAll(): void {
    this.#isStarted = true;
    this.#settleAll();
  }

  /** What lies in `folders` now: new and changed plugins are read, those that are gone are stopped. */
  follow(folders: readonly string[], found: readonly FoundPlugin[]): void {
    const present = new Set(found.map(({ source }) => source.rootPath));
    for (const [path, slot] of this.#slots) {
      if (!folders.includes(dirname(path)) || present.has(path) || slot.isGone) continue;
      slot.isGone = true;
      void this.#enqueue(slot, () => this.#settle(slot));
    }
    for (const { source, stamp } of found) {
      const slot = this.#slotOf(source);
      if (slot.stamp === stamp && !slot.isGone) continue;
      slot.isGone = false;
      slot.stamp = stamp;
      slot.looks = 0;
      void this.#enqueue(slot, () => this.#look(slot));
    }
  }

  /** The operator approved, revoked, disabled or enabled something. */
  setGrants(grants: GrantBook): void {
    this.#grants = grants;
    this.#settleAll();
  }

  /** What lies in a plugin's folder, if it is sound: what an approval is given to. */
  newestOf(id: string): SoundVersion | undefined {
    for (const { newest } of this.#slots.values()) {
      if (newest?.kind === "sound" && newest.manifest.id === id) return newest;
    }
    return undefined;
  }

  /** Ends a plugin's process and starts it anew from its files as they are now, whatever it rested in. */
  renew(id: string): void {
    for (const slot of this.#slots.values()) {
      if (slot.id !== id || slot.isGone) continue;
      void this.#enqueue(slot, async () => {
        if (this.#isStopping) return;
        await this.#end(slot, { kind: "stopped", why: "to be started anew" });
        await this.#look(slot);
      });
    }
  }

  /** Hands changed settings to running strategies; what does not fit is told and changes nothing. */
  applySettings(configOf: (id: string) => PluginConfig): void {
    this.#configOf = configOf;
    for (const slot of this.#slots.values()) {
      if (slot.current?.manifest.kind !== "strategy" || slot.process === undefined) continue;
      const checked = checkSettings(slot.current.manifest.settings, configOf(slot.id).settings);
      if (checked.kind === "invalid") {
        this.#options.log.write("error", slot.id, `settings not changed: ${faultsText(checked.faults)}`);
        continue;
      }
      if (canonicalJson(checked.value) === canonicalJson(slot.settings)) continue;
      slot.settings = checked.value;
      this.#options.log.write("info", slot.id, "settings changed");
      slot.process.send({ type: "settings", settings: checked.value });
    }
    this.#settleAll();
  }

  /** Strategies first, so that nothing new is sent; adapters when {@link stopAdapters} is called. */
  async stopStrategies(reason: string): Promise<void> {
    await this.#stopKind("strategy", reason);
  }

  async stopAdapters(reason: string): Promise<void> {
    await this.#stopKind("exchange", reason);
  }

  /** Ends every process at once. */
  async killAll(): Promise<void> {
    this.#isStopping = true;
    this.#looking.abort();
    const slots = [...this.#slots.values()];
    for (const slot of slots) {
      clearTimeout(slot.lookTimer);
      clearTimeout(slot.restartTimer);
    }
    await Promise.all(
      slots.map(({ process, id }) =>
        process?.kill(new BerthError("PLUGIN_STOP_LATE", { pluginId: id, deadlineMs: 0 }))
      ),
    );
    await Promise.all(slots.map(({ work }) => work));
  }

  // ---- one thing after the other

  #slotOf(source: PluginSource): Slot {
    const known = this.#slots.get(source.rootPath);
    if (known !== undefined) return known;
    const slot = newSlot(source);
    this.#slots.set(source.rootPath, slot);
    return slot;
  }

  #enqueue(slot: Slot, work: () => void | Promise<void>): Promise<void> {
    slot.work = slot.work.then(work).catch((error: unknown) => {
      this.#setState(slot, { kind: "broken", why: describeError(error) });
    });
    return slot.work;
  }

  #settleAll(): void {
    for (const slot of this.#slots.values()) void this.#enqueue(slot, () => this.#settle(slot));
  }

  /** Reads what lies in the folder, then does what follows from it. */
  async #look(slot: Slot): Promise<void> {
    if (this.#isStopping) return;
    clearTimeout(slot.lookTimer);
    const { sandbox, filesFolder } = this.#options;
    const { signal } = this.#looking;
    const how = { sandbox, folder: filesFolder, isBundled: isBundled(slot.source, this.#options), signal };
    slot.newest = await this.#inTurn(() => examine(slot.source, how, slot.newest));
    slot.looks += 1;
    if (slot.newest.kind === "broken" && slot.newest.mayHeal && slot.looks < maxLooks) {
      slot.lookTimer = setTimeout(() => void this.#enqueue(slot, () => this.#look(slot)), lookAgainMs);
    }
    await this.#settle(slot);
  }

  /** Brings a slot to where it should be by what is known now. */
  async #settle(slot: Slot): Promise<void> {
    if (slot.newest?.kind === "sound" && slot.current === undefined) slot.id = slot.newest.manifest.id;
    if (!this.#isStarted || this.#isStopping) return;
    const target = targetOf(slot, [...this.#slots.values()], this.#rules());
    slot.decision = target.decision;
    this.#setUpdate(slot, target.update);
    const { version } = target;
    if (version === undefined) {
      await this.#end(slot, target.state);
      if (slot.isGone) this.#forget(slot);
      return;
    }
    if (slot.current?.fingerprint === version.fingerprint) {
      if (slot.process !== undefined || isHeld(slot.state)) return;
    } else if (slot.process !== undefined) {
      const isSamePlugin = slot.current?.manifest.id === version.manifest.id &&
        slot.current.manifest.kind === version.manifest.kind;
      if (isSamePlugin) return await this.#reload(slot, version);
      await this.#end(slot, { kind: "stopped", why: `its file is ${version.manifest.id} now` });
      this.#options.log.write("info", slot.id, `becomes ${version.manifest.id}`);
      this.#settleBroken();
    }
    clearTimeout(slot.restartTimer);
    slot.crashesMs.length = 0;
    this.#start(slot, version);
  }

  #rules(): AdmissionRules {
    const { environment, bundledFolders, trustedFolders, guardedPaths } = this.#options;
    const venueSecrets = new Set(this.exchangeManifests.flatMap(({ tradingSecrets }) => tradingSecrets));
    return {
      environment,
      bundledFolders,
      trustedFolders,
      grants: this.#grants,
      configOf: this.#configOf,
      venueSecrets,
      guardedPaths,
    };
  }

  #forget(slot: Slot): void {
    clearTimeout(slot.lookTimer);
    if (this.#slots.get(slot.source.rootPath) === slot) this.#slots.delete(slot.source.rootPath);
    this.#settleBroken();
  }

  /** An id became free. */
  #settleBroken(): void {
    for (const slot of this.#slots.values()) {
      if (slot.state.kind === "broken") void this.#enqueue(slot, () => this.#settle(slot));
    }
  }

  // ---- processes

  /** @returns false when it can't be started, with the reason in its state */
  #start(slot: Slot, version: SoundVersion): boolean {
    const { manifest } = version;
    const config = this.#configOf(manifest.id);
    const checked = checkSettings(manifest.settings, config.settings);
    if (checked.kind === "invalid" && slot.current?.fingerprint !== version.fingerprint) {
      this.#setState(slot, { kind: "broken", why: faultsText(checked.faults) });
      return false;
    }
    if (checked.kind === "valid") slot.settings = checked.value;
    slot.id = manifest.id;
    slot.current = version;
    if (manifest.kind === "strategy" && slot.subscriber < 0) slot.subscriber = this.#nextSubscriber++;
    this.#setState(slot, { kind: "starting" });
    const launch: Launch = {
      source: slot.source,
      version,
      subscriber: manifest.kind === "strategy" ? slot.subscriber : -1,
      config,
      settings: slot.settings,
      savedState: this.#savedState(manifest.id),
      symbols: this.#symbols(),
      onReady: () => {
        if (slot.state.kind === "starting") this.#setState(slot, { kind: "running" });
        slot.starting?.resolve(undefined);
      },
      onExit: (exit) => this.#onExit(slot, launch, exit),
    };
    const result = this.#launcher.launch(launch);
    if (result.kind === "impossible") {
      this.#setState(slot, { kind: "stopped", why: result.why });
      return false;
    }
    slot.process = result.process;
    slot.launched = result;
    if (manifest.kind === "strategy") this.#subscriptions.tellSymbols(launch.symbols);
    return true;
  }

  /** @returns why it did not come up, or undefined when it runs */
  async #startAndWait(slot: Slot, version: SoundVersion): Promise<string | undefined> {
    const starting = Promise.withResolvers<string | undefined>();
    slot.starting = starting;
    const why = this.#start(slot, version) ? await starting.promise : whyOf(slot.state);
    slot.starting = undefined;
    return why;
  }

  /** A new version takes over; when it does not come up, the old one is put back with the state it had. */
  async #reload(slot: Slot, next: SoundVersion): Promise<void> {
    const { log } = this.#options;
    const { current, process, launched } = slot;
    if (current === undefined || process === undefined || launched === undefined) return;
    log.write("info", slot.id, `version ${next.manifest.version} takes over`, {
      files: next.filesHash.slice(0, 12),
    });
    const stateBefore = this.#savedState(slot.id);
    slot.isReloading = true;
    this.#setState(slot, { kind: "stopping" });
    await process.stop("a new version takes over", stopDeadlineMs);
    let why = this.#isStopping ? "the host stops" : await this.#startAndWait(slot, next);
    if (why !== undefined && !this.#isStopping) {
      slot.failed = { fingerprint: next.fingerprint, why };
      this.#setUpdate(slot, { kind: "failed", why });
      this.#keepState(slot.id, stateBefore);
      why = await this.#startAndWait(slot, current);
    }
    slot.isReloading = false;
    if (why === undefined) return;
    launched.detach(why, true); // neither runs: its orders are nobody's any more
    if (this.#isStopping) this.#setState(slot, { kind: "stopped", why });
    else this.#afterCrash(slot, why);
  }

  /** Stops the process, if there is one, and rests in a state. */
  async #end(slot: Slot, state: PluginState): Promise<void> {
    clearTimeout(slot.restartTimer);
    slot.crashesMs.length = 0;
    if (slot.process !== undefined) {
      slot.isExpectingExit = true;
      this.#setState(slot, { kind: "stopping" });
      await slot.process.stop(whyOf(state) || state.kind, stopDeadlineMs);
      slot.isExpectingExit = false;
    }
    slot.current = undefined;
    slot.failed = undefined;
    this.#setState(slot, state);
  }

  async #stopKind(kind: Manifest["kind"], reason: string): Promise<void> {
    this.#isStopping = true;
    const affected = [...this.#slots.values()].filter((slot) => manifestOf(slot)?.kind === kind);
    await Promise.all(affected.map(async (slot) => {
      clearTimeout(slot.restartTimer);
      const { process } = slot;
      if (process === undefined) {
        if (slot.state.kind === "backing_off") this.#setState(slot, { kind: "stopped", why: reason });
        return;
      }
      this.#setState(slot, { kind: "stopping" });
      await process.stop(reason, stopDeadlineMs);
    }));
  }

  #onExit(slot: Slot, launch: Launch, exit: SandboxExit): void {
    const why = exitWords(exit, launch);
    slot.process = undefined;
    slot.launched?.detach(why, !slot.isReloading);
    slot.launched = undefined;
    if (slot.isReloading) {
      slot.starting?.resolve(why);
      return;
    }
    if (this.#isStopping || slot.isExpectingExit || exit.reason === undefined) {
      if (slot.isExpectingExit) return;
      return this.#setState(slot, { kind: "stopped", why: exit.reason === undefined ? "" : why });
    }
    this.#afterCrash(slot, why);
  }

  #afterCrash(slot: Slot, why: string): void {
    const { clock } = this.#options;
    slot.crashesMs.push(clock.monotonicMs());
    const next = afterCrash(slot.crashesMs);
    if (next.kind === "quarantine") return this.#setState(slot, { kind: "quarantined", why });
    this.#setState(slot, { kind: "backing_off", why, untilMs: clock.epochMs() + next.delayMs });
    slot.restartTimer = setTimeout(() => void this.#enqueue(slot, () => this.#restart(slot)), next.delayMs);
  }

  #restart(slot: Slot): void {
    if (slot.state.kind !== "backing_off" || slot.current === undefined || this.#isStopping) return;
    slot.restarts += 1;
    this.#start(slot, slot.current);
  }

  #setState(slot: Slot, state: PluginState): void {
    const isSame = slot.state.kind === state.kind && whyOf(slot.state) === whyOf(state);
    slot.state = state;
    if (isSame) return;
    const level = state.kind === "broken" || state.kind === "quarantined"
      ? "error"
      : state.kind === "backing_off" || state.kind === "awaiting_approval"
      ? "warn"
      : "info";
    const why = whyOf(state);
    this.#options.log.write(level, slot.id, why === "" ? state.kind : `${state.kind}: ${why}`);
    this.#options.onState(slot.id, state, slot.update);
  }

  #setUpdate(slot: Slot, update: PendingUpdate | undefined): void {
    const isSame = slot.update?.kind === update?.kind && slot.update?.why === update?.why;
    slot.update = update;
    if (isSame || update === undefined) return;
    const level = update.kind === "awaiting_approval" ? "warn" : "error";
    this.#options.log.write(level, slot.id, `${updateWords[update.kind]}: ${update.why}`);
    this.#options.onState(slot.id, slot.state, update);
  }

  // ---- what plugins share

  #savedState(id: string): unknown {
    return this.#states.has(id) ? this.#states.get(id) : this.#options.savedState(id);
  }

  #keepState(id: string, value: unknown): void {
    this.#states.set(id, value);
    this.#options.keepState(id, value);
  }

  #symbols(): readonly string[] {
    const { symbols } = this.#options;
    return symbols ?? this.#subscriptions.wantedSymbols([...this.#slots.values()].map(manifestOf));
  }

  *#running(): Generator<RunningPlugin> {
    for (const { current, process, subscriber } of this.#slots.values()) {
      if (current !== undefined && process !== undefined) {
        yield { manifest: current.manifest, process, subscriber };
      }
    }
  }
}
