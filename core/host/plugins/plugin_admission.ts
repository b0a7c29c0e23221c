/**
 * Whether a version of a plugin may run here and now: what it asks for against what was granted, its settings, its
 * name. The host and `berth plugin` ask here, so that both give the same answer.
 */
import { join } from "node:path";
import type { Environment, Manifest } from "../../sdk/manifest.ts";
import type { PluginConfig } from "../config/config.ts";
import { guardedPathFault, type GuardedPaths } from "./guarded_paths.ts";
import type { PluginSource } from "./discovery.ts";
import { decide, type Decision, type GrantBook } from "./grants.ts";
import { checkSettings, type Fault } from "./manifest_schema.ts";
import type { SoundVersion } from "./plugin_version.ts";

/** What holds for all plugins of a host. */
export interface AdmissionRules {
  readonly environment: Environment;
  readonly grants: GrantBook;
  /** Folders whose plugins came with berth, and those trusted on the command line. */
  readonly bundledFolders: readonly string[];
  readonly trustedFolders: readonly string[];
  readonly configOf: (id: string) => PluginConfig;
  /** Names of secrets by which some adapter trades. No strategy ever gets one. */
  readonly venueSecrets: ReadonlySet<string>;
  readonly guardedPaths: GuardedPaths;
}

export interface Admission {
  readonly decision: Decision | undefined;
  /** Undefined: it may run. */
  readonly obstacle: Obstacle | undefined;
}

/** Why a version may not run. */
export type Obstacle =
  | { readonly kind: "broken" | "awaiting_approval"; readonly why: string }
  | { readonly kind: "disabled" };

const isBelow = (source: PluginSource, folders: readonly string[]): boolean =>
  folders.some((folder) => source.rootPath.startsWith(join(folder, "/")));

/** True for what lies in a folder of the release itself. */
export const isBundled = (source: PluginSource, rules: Pick<AdmissionRules, "bundledFolders">): boolean =>
  isBelow(source, rules.bundledFolders);

const faultText = (fault: Fault): string =>
  `setting ${fault.field} is ${fault.found}; expected ${fault.expected}`;

/** All faults of settings in one sentence. */
export const faultsText = (faults: readonly Fault[]): string => faults.map(faultText).join("; ");

/** The first secret of a strategy that is the key to a venue's account. */
function venueKeyAskedBy(manifest: Manifest, venueSecrets: ReadonlySet<string>): string | undefined {
  if (manifest.kind !== "strategy") return undefined;
  return manifest.permissions?.secrets?.find((name) => venueSecrets.has(name));
}

/** What the operator must be told about a plugin that waits. */
export function waitingWords(decision: Extract<Decision, { readonly kind: "wait" }>): string {
  const { why, change, words } = decision;
  const asked = change === undefined || change.gained.length === 0 ? words : change.gained;
  return `${why}: ${asked.join("; ")}`;
}

/**
 * @param isRunning it runs already: settings that no longer fit do not stop it
 */
export function admit(
  source: PluginSource,
  { manifest, fingerprint }: SoundVersion,
  rules: AdmissionRules,
  isRunning: boolean,
): Admission {
  const key = venueKeyAskedBy(manifest, rules.venueSecrets);
  if (key !== undefined) {
    const why = `manifest field permissions.secrets names ${key}, the key of a venue; ` +
      "expected secrets of its own: no strategy gets the keys of an account";
    return { decision: undefined, obstacle: { kind: "broken", why } };
  }
  const guarded = guardedPathFault(manifest, rules.guardedPaths);
  if (guarded !== undefined) return { decision: undefined, obstacle: { kind: "broken", why: guarded } };
  const config = rules.configOf(manifest.id);
  const checked = checkSettings(manifest.settings, config.settings);
  if (checked.kind === "invalid" && !isRunning) {
    return { decision: undefined, obstacle: { kind: "broken", why: faultsText(checked.faults) } };
  }
  const decision = decide(rules.grants, {
    manifest,
    fingerprint,
    environment: rules.environment,
    isTrusted: isBelow(source, rules.trustedFolders),
    isBundled: isBundled(source, rules),
  });
  if (decision.kind === "wait") {
    return { decision, obstacle: { kind: "awaiting_approval", why: waitingWords(decision) } };
  }
  const isOff = decision.kind === "disabled" || !config.enabled;
  return { decision, obstacle: isOff ? { kind: "disabled" } : undefined };
}
