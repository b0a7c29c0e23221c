/**
 * The process of a slot: started, replaced by a newer version, restarted after a crash, stopped. Which version should
 * run, and whether it may, is decided elsewhere; here it is carried out and told.
 */
import type { Clock } from "../../model/clock.ts";
import { venueId } from "../../model/ids.ts";
import type { SandboxExit } from "../../sandbox/sandbox.ts";
import { afterCrash } from "../../sandbox/supervisor.ts";
import type { PluginConfig } from "../config/config.ts";
import { checkSettings } from "./manifest_schema.ts";
import { faultsText } from "./plugin_admission.ts";
import { exitWords, type Launch, type PluginLauncher } from "./plugin_launcher.ts";
import type { Slot } from "./plugin_slot.ts";
import { type PendingUpdate, type PluginState, whyOf } from "./plugin_states.ts";
import type { PluginSubscriptions } from "./plugin_subscriptions.ts";
import type { SoundVersion } from "./plugin_version.ts";
import type { EngineDriver, HostLog } from "../ports.ts";
import { leaveVenue } from "../venues/leave_venue.ts";

export interface PluginRunnerOptions {
  readonly clock: Clock;
  readonly log: HostLog;
  readonly driver: EngineDriver;
  readonly launcher: PluginLauncher;
  readonly subscriptions: PluginSubscriptions;
  readonly configOf: (id: string) => PluginConfig;
  /** What adapters should list. */
  readonly symbols: () => readonly string[];
  readonly savedState: (id: string) => unknown;
  readonly keepState: (id: string, value: unknown) => void;
  readonly isStopping: () => boolean;
  /** Does something with a slot after all that is to happen to it before. */
  readonly enqueue: (slot: Slot, work: () => void | Promise<void>) => void;
  /** Journalled: `plugin_state` with why; beside a version that runs, what became of a newer one. */
  readonly onState: (id: string, state: PluginState, update: PendingUpdate | undefined) => void;
}

const stopDeadlineMs = 3_000;

const updateWords: Readonly<Record<PendingUpdate["kind"], string>> = {
  awaiting_approval: "its changed file waits, the version before it runs on",
  broken: "its changed file is broken, the version before it runs on",
  failed: "its changed file did not start, the version before it is put back",
};

export class PluginRunner {
  readonly #options: PluginRunnerOptions;
  #nextSubscriber = 0;

  constructor(options: PluginRunnerOptions) {
    this.#options = options;
  }

  /** @returns false when it can't be started, with the reason in its state */
  start(slot: Slot, version: SoundVersion): boolean {
    const { manifest } = version;
    const config = this.#options.configOf(manifest.id);
    const checked = checkSettings(manifest.settings, config.settings);
    if (checked.kind === "invalid" && slot.current?.fingerprint !== version.fingerprint) {
      this.setState(slot, { kind: "broken", why: faultsText(checked.faults) });
      return false;
    }
    if (checked.kind === "valid") slot.settings = checked.value;
    slot.id = manifest.id;
    slot.current = version;
    if (manifest.kind === "strategy" && slot.subscriber < 0) slot.subscriber = this.#nextSubscriber++;
    this.setState(slot, { kind: "starting" });
    const launch: Launch = {
      source: slot.source,
      version,
      subscriber: manifest.kind === "strategy" ? slot.subscriber : -1,
      config,
      settings: slot.settings,
      savedState: this.#options.savedState(manifest.id),
      symbols: this.#options.symbols(),
      onReady: () => {
        if (slot.state.kind === "starting") this.setState(slot, { kind: "running" });
        slot.starting?.resolve(undefined);
      },
      onGiveUp: (failedAttempts) => {
        const why = `given up after ${failedAttempts} attempts to reach its venue`;
        this.#options.enqueue(slot, () => this.#giveUp(slot, launch, why));
      },
      onExit: (exit) => this.#onExit(slot, launch, exit),
    };
    const result = this.#options.launcher.launch(launch);
    if (result.kind === "impossible") {
      this.setState(slot, { kind: "stopped", why: result.why });
      return false;
    }
    slot.process = result.process;
    slot.launched = result;
    if (manifest.kind === "strategy") this.#options.subscriptions.tellSymbols(launch.symbols);
    return true;
  }

  /** @returns why it did not come up, or undefined when it runs */
  async #startAndWait(slot: Slot, version: SoundVersion): Promise<string | undefined> {
    const starting = Promise.withResolvers<string | undefined>();
    slot.starting = starting;
    const why = this.start(slot, version) ? await starting.promise : whyOf(slot.state);
    slot.starting = undefined;
    return why;
  }

  /** A new version takes over; when it does not come up, the old one is put back with the state it had. */
  async reload(slot: Slot, next: SoundVersion): Promise<void> {
    const { log } = this.#options;
    const { current, process, launched } = slot;
    if (current === undefined || process === undefined || launched === undefined) return;
    log.write("info", slot.id, `version ${next.manifest.version} takes over`, {
      files: next.filesHash.slice(0, 12),
    });
    const stateBefore = this.#options.savedState(slot.id);
    slot.isReloading = true;
    this.setState(slot, { kind: "stopping" });
    await process.stop("a new version takes over", stopDeadlineMs);
    let why = this.#options.isStopping() ? "the host stops" : await this.#startAndWait(slot, next);
    if (why !== undefined && !this.#options.isStopping()) {
      slot.failed = { fingerprint: next.fingerprint, why };
      this.setUpdate(slot, { kind: "failed", why });
      this.#options.keepState(slot.id, stateBefore);
      why = await this.#startAndWait(slot, current);
    }
    slot.isReloading = false;
    if (why === undefined) return;
    launched.detach(why, true); // neither runs: its orders are nobody's any more
    if (this.#options.isStopping()) this.setState(slot, { kind: "stopped", why });
    else this.#afterCrash(slot, why);
  }

  /** Stops the process, if there is one, and rests in a state. */
  async end(slot: Slot, state: PluginState): Promise<void> {
    clearTimeout(slot.restartTimer);
    slot.crashesMs.length = 0;
    if (slot.process !== undefined) {
      if (state.kind === "disabled") await this.#leaveVenue(slot);
      slot.isExpectingExit = true;
      this.setState(slot, { kind: "stopping" });
      await slot.process.stop(whyOf(state) || state.kind, stopDeadlineMs);
      slot.isExpectingExit = false;
    }
    slot.current = undefined;
    slot.failed = undefined;
    this.setState(slot, state);
  }

  async #leaveVenue({ current, id }: Slot): Promise<void> {
    if (current?.manifest.kind !== "exchange") return;
    const { driver, log } = this.#options;
    const left = await leaveVenue(driver, venueId(current.manifest.venue));
    if (left.length === 0) return;
    const orders = left.map(({ clientOrderId }) => clientOrderId).join(" ");
    log.write("error", id, "ends though not every order is known to be cancelled", { orders });
  }

  /** Ends a process that has done no wrong, and waits for the operator as after too many crashes. */
  async #giveUp(slot: Slot, launch: Launch, why: string): Promise<void> {
    const { process } = slot;
    if (process === undefined || slot.current !== launch.version || slot.isExpectingExit) return;
    await this.#leaveVenue(slot); // requests may get through where streams don't
    slot.isExpectingExit = true;
    await process.stop(why, stopDeadlineMs);
    slot.isExpectingExit = false;
    this.setState(slot, { kind: "quarantined", why });
  }

  /** Stops the process, if there is one, at the end of the host. */
  async stop(slot: Slot, reason: string): Promise<void> {
    clearTimeout(slot.restartTimer);
    const { process } = slot;
    if (process === undefined) {
      if (slot.state.kind === "backing_off") this.setState(slot, { kind: "stopped", why: reason });
      return;
    }
    this.setState(slot, { kind: "stopping" });
    await process.stop(reason, stopDeadlineMs);
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
    if (this.#options.isStopping() || slot.isExpectingExit || exit.reason === undefined) {
      if (slot.isExpectingExit) return;
      return this.setState(slot, { kind: "stopped", why: exit.reason === undefined ? "" : why });
    }
    this.#afterCrash(slot, why);
  }

  #afterCrash(slot: Slot, why: string): void {
    const { clock } = this.#options;
    slot.crashesMs.push(clock.monotonicMs());
    const next = afterCrash(slot.crashesMs);
    if (next.kind === "quarantine") return this.setState(slot, { kind: "quarantined", why });
    this.setState(slot, { kind: "backing_off", why, untilMs: clock.epochMs() + next.delayMs });
    slot.restartTimer = setTimeout(
      () => this.#options.enqueue(slot, () => this.#restart(slot)),
      next.delayMs,
    );
  }

  #restart(slot: Slot): void {
    if (slot.state.kind !== "backing_off" || slot.current === undefined || this.#options.isStopping()) return;
    slot.restarts += 1;
    this.start(slot, slot.current);
  }

  setState(slot: Slot, state: PluginState): void {
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

  setUpdate(slot: Slot, update: PendingUpdate | undefined): void {
    const isSame = slot.update?.kind === update?.kind && slot.update?.why === update?.why;
    slot.update = update;
    if (isSame || update === undefined) return;
    const level = update.kind === "awaiting_approval" ? "warn" : "error";
    this.#options.log.write(level, slot.id, `${updateWords[update.kind]}: ${update.why}`);
    this.#options.onState(slot.id, slot.state, update);
  }
}
