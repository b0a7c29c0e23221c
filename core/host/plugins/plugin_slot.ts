/** One file or folder that is a plugin: what lies there, what runs of it, and which of its versions should. */
import type { SandboxProcess } from "../../sandbox/sandbox.ts";
import type { Manifest } from "../../sdk/manifest.ts";
import type { PluginSource } from "./discovery.ts";
import type { Decision } from "./grants.ts";
import { type Admission, type AdmissionRules, admit } from "./plugin_admission.ts";
import type { Launched } from "./plugin_launcher.ts";
import type { PendingUpdate, PluginState } from "./plugin_states.ts";
import { comparePowers } from "./plain_words.ts";
import type { PluginVersion, SoundVersion } from "./plugin_version.ts";

export interface Slot {
  readonly source: PluginSource;
  id: string;
  state: PluginState;
  /** What lies in the folder. */
  newest: PluginVersion | undefined;
  /** What its process runs, or ran last. */
  current: SoundVersion | undefined;
  /** Fingerprint of a version that did not start when it should have taken over. */
  failed: { readonly fingerprint: string; readonly why: string } | undefined;
  update: PendingUpdate | undefined;
  decision: Decision | undefined;
  process: SandboxProcess | undefined;
  launched: Launched | undefined;
  settings: Readonly<Record<string, unknown>>;
  /** Resolves with nothing when it is ready, with why when it ended before. */
  starting: PromiseWithResolvers<string | undefined> | undefined;
  /** The end of its process is a step of something larger, not a crash. */
  isExpectingExit: boolean;
  isReloading: boolean;
  isGone: boolean;
  stamp: string | undefined;
  subscriber: number;
  restarts: number;
  looks: number;
  readonly crashesMs: number[];
  lookTimer: ReturnType<typeof setTimeout> | undefined;
  restartTimer: ReturnType<typeof setTimeout> | undefined;
  work: Promise<void>;
}

/** A place that nobody has looked at. */
export const newSlot = (source: PluginSource): Slot => ({
  source,
  id: source.name,
  state: { kind: "probing" },
  newest: undefined,
  current: undefined,
  failed: undefined,
  update: undefined,
  decision: undefined,
  process: undefined,
  launched: undefined,
  settings: {},
  starting: undefined,
  isExpectingExit: false,
  isReloading: false,
  isGone: false,
  stamp: undefined,
  subscriber: -1,
  restarts: 0,
  looks: 0,
  crashesMs: [],
  lookTimer: undefined,
  restartTimer: undefined,
  work: Promise.resolve(),
});

/** Of the version that runs, else of the one in the folder. */
export function manifestOf({ current, newest }: Slot): Manifest | undefined {
  if (current !== undefined) return current.manifest;
  return newest?.kind === "sound" ? newest.manifest : undefined;
}

/** States in which a slot holds on to its version though no process runs. */
export const isHeld = ({ kind }: PluginState): boolean =>
  kind === "backing_off" || kind === "quarantined" || kind === "stopped";

/** Which version should run, and where the slot rests when none should. */
export interface Target {
  readonly version: SoundVersion | undefined;
  readonly state: PluginState;
  readonly update: PendingUpdate | undefined;
  readonly decision: Decision | undefined;
}

/** @param slots all of the host, in the order in which they were found */
export function targetOf(slot: Slot, slots: readonly Slot[], rules: AdmissionRules): Target {
  const { newest, current, failed, state } = slot;
  const nothing = (rest: PluginState, decision?: Decision): Target => ({
    version: undefined,
    state: rest,
    update: undefined,
    decision,
  });
  if (slot.isGone) return nothing({ kind: "stopped", why: "its files are gone" });
  if (newest === undefined) return nothing(state);
  const admission = (version: PluginVersion) => admissionOf(slot, version, slots, rules);
  const wanted = admission(newest);
  if (wanted.obstacle === undefined && newest.kind === "sound") {
    const { decision } = wanted;
    if (failed?.fingerprint !== newest.fingerprint || current === undefined) {
      return { version: newest, state, update: undefined, decision };
    }
    return { version: current, state, update: { kind: "failed", why: failed.why }, decision };
  }
  const { obstacle } = wanted;
  if (obstacle === undefined || obstacle.kind === "disabled" || current === undefined) {
    return nothing(obstacle ?? state, wanted.decision);
  }
  // The newer version can't run: the older one goes on, if it still may.
  const isActive = slot.process !== undefined || state.kind === "backing_off" || state.kind === "quarantined";
  const isOther = newest.kind === "broken" || newest.fingerprint !== current.fingerprint;
  const kept = admission(current);
  if (!isActive || !isOther || kept.obstacle !== undefined) return nothing(obstacle, wanted.decision);
  const update = { ...obstacle, why: gainedOver(current, newest) ?? obstacle.why };
  return { version: current, state, update, decision: kept.decision };
}

/** What a newer version asks for that the one that runs did not: all that has to be decided on. */
function gainedOver(current: SoundVersion, newest: PluginVersion): string | undefined {
  if (newest.kind === "broken") return undefined;
  const { gained } = comparePowers(current.manifest, newest.manifest);
  return gained.length === 0 ? undefined : `it asks for more: ${gained.join("; ")}`;
}

function admissionOf(
  slot: Slot,
  version: PluginVersion,
  slots: readonly Slot[],
  rules: AdmissionRules,
): Admission {
  const why = version.kind === "broken" ? version.why : twinOf(slot, version.manifest, slots);
  if (version.kind === "broken" || why !== undefined) {
    return { decision: undefined, obstacle: { kind: "broken", why: why ?? "" } };
  }
  const isRunning = slot.process !== undefined && slot.current?.fingerprint === version.fingerprint;
  return admit(slot.source, version, rules, isRunning);
}

/** One plugin an id, one adapter a venue: the one that runs stays, else the first that was found. */
function twinOf(slot: Slot, manifest: Manifest, slots: readonly Slot[]): string | undefined {
  let isBefore = true;
  for (const other of slots) {
    if (other === slot) {
      isBefore = false;
      continue;
    }
    const its = other.isGone ? undefined : manifestOf(other);
    if (its === undefined) continue;
    const isSameId = its.id === manifest.id;
    const isSameVenue = its.kind === "exchange" && manifest.kind === "exchange" &&
      its.venue === manifest.venue;
    const isFirst = other.process !== undefined || (isBefore && slot.process === undefined);
    if ((isSameId || isSameVenue) && isFirst) {
      return `its ${isSameId ? "id" : "venue"} is that of ${other.source.rootPath}`;
    }
  }
  return undefined;
}
