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
import { BerthError, describeError } from "../../errors.ts";
import type { Clock } from "../../model/clock.ts";
import { type VenueId, venueId } from "../../model/ids.ts";
import type { ExchangeManifest, Manifest } from "../../sdk/manifest.ts";
import type { PluginConfig } from "../config/config.ts";
import type { PluginSource } from "./discovery.ts";
import { canonicalJson } from "./fingerprint.ts";
import type { FoundPlugin } from "./folder_watch.ts";
import type { GrantBook } from "./grants.ts";
import { checkSettings } from "./manifest_schema.ts";
import { type AdmissionRules, faultsText, isBundled } from "./plugin_admission.ts";
import { removeOthers } from "./laid_out_files.ts";
import { type LauncherOptions, PluginLauncher } from "./plugin_launcher.ts";
import { PluginRunner } from "./plugin_runner.ts";
import { isHeld, manifestOf, newSlot, type Slot, targetOf } from "./plugin_slot.ts";
import { type PendingUpdate, type PluginState, type PluginView } from "./plugin_states.ts";
import { PluginSubscriptions, type RunningPlugin } from "./plugin_subscriptions.ts";
import { examine, type SoundVersion } from "./plugin_version.ts";
import { inTurns } from "./turns.ts";
import { VenueQuestions } from "../venues/venue_questions.ts";

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

/** A version that was killed while it was read is looked at again this often. */
const maxLooks = 3;
const lookAgainMs = 2_000;
/** Each is a process of some 60 MB. */
const probesAtATime = 4;

export class PluginManager {
  /** What any part of the host may ask of the adapters that run. */
  readonly questions = new VenueQuestions();
  readonly #options: PluginManagerOptions;
  readonly #slots = new Map<string, Slot>();
  readonly #states = new Map<string, unknown>();
  /** Who gets which market data. */
  readonly subscriptions: PluginSubscriptions;
  readonly #runner: PluginRunner;
  readonly #inTurn = inTurns(probesAtATime);
  readonly #looking = new AbortController();
  #grants: GrantBook;
  #configOf: (id: string) => PluginConfig;
  #isStarted = false;
  #isStopping = false;

  constructor(options: PluginManagerOptions) {
    this.#options = options;
    this.#grants = options.grants;
    this.#configOf = options.configOf;
    this.subscriptions = new PluginSubscriptions(options.driver, () => this.#running());
    const keepState = (id: string, value: unknown): void => this.#keepState(id, value);
    const { questions } = this;
    const subscriptions = this.subscriptions;
    this.#runner = new PluginRunner({
      ...options,
      launcher: new PluginLauncher({ ...options, subscriptions, questions, keepState }),
      subscriptions,
      configOf: (id) => this.#configOf(id),
      symbols: () => this.#symbols(),
      savedState: (id) => this.#savedState(id),
      keepState,
      isStopping: () => this.#isStopping,
      enqueue: (slot, work) => void this.#enqueue(slot, work),
    });
  }

  views(): readonly PluginView[] {
    return [...this.#slots.values()].map((slot) => {
      const manifest = manifestOf(slot);
      return {
        id: slot.id,
        kind: manifest?.kind ?? "unknown",
        version: manifest?.version,
        manifest,
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
        await this.#runner.end(slot, { kind: "stopped", why: "to be started anew" });
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
      this.#runner.setState(slot, { kind: "broken", why: describeError(error) });
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
    this.#runner.setUpdate(slot, target.update);
    const { version } = target;
    if (version === undefined) {
      await this.#runner.end(slot, target.state);
      if (slot.isGone) this.#forget(slot);
      return;
    }
    if (slot.current?.fingerprint === version.fingerprint) {
      if (slot.process !== undefined || isHeld(slot.state)) return;
    } else if (slot.process !== undefined) {
      const isSamePlugin = slot.current?.manifest.id === version.manifest.id &&
        slot.current.manifest.kind === version.manifest.kind;
      if (isSamePlugin) return await this.#runner.reload(slot, version);
      await this.#runner.end(slot, { kind: "stopped", why: `its file is ${version.manifest.id} now` });
      this.#options.log.write("info", slot.id, `becomes ${version.manifest.id}`);
      this.#settleBroken();
    }
    clearTimeout(slot.restartTimer);
    slot.crashesMs.length = 0;
    this.#runner.start(slot, version);
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

  async #stopKind(kind: Manifest["kind"], reason: string): Promise<void> {
    this.#isStopping = true;
    const affected = [...this.#slots.values()].filter((slot) => manifestOf(slot)?.kind === kind);
    await Promise.all(affected.map((slot) => this.#runner.stop(slot, reason)));
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
    return symbols ?? this.subscriptions.wantedSymbols([...this.#slots.values()].map(manifestOf));
  }

  *#running(): Generator<RunningPlugin> {
    for (const { current, process, subscriber } of this.#slots.values()) {
      if (current !== undefined && process !== undefined) {
        yield { manifest: current.manifest, process, subscriber };
      }
    }
  }
}
