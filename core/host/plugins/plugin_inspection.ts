/**
 * What a host would make of the plugins, without starting one: the same files, fingerprints, grants and rules. And,
 * from the journal, what a host that runs makes of them now.
 */
import { join } from "node:path";
import { BerthError } from "../../errors.ts";
import { openJournalReader } from "../../journal/reader.ts";
import { isCompiled } from "../../sandbox/edition.ts";
import { sandboxKindOf } from "../../sandbox/kind_names.ts";
import { createSandbox } from "../../sandbox/kinds.ts";
import type { Environment } from "../../sdk/manifest.ts";
import {
  defaultPluginConfig,
  environmentFolder,
  type HostConfig,
  isVenueEnabled,
  journalPath,
} from "../config/config.ts";
import { findPlugins, type PluginSource } from "./discovery.ts";
import { type Grant, type GrantBook, grantsPath, readGrants } from "./grants.ts";
import { isBundled } from "./plugin_admission.ts";
import { manifestOf, newSlot, type Slot, type Target, targetOf } from "./plugin_slot.ts";
import { examine, type PluginVersion } from "./plugin_version.ts";
import { exchangesFolder, projectFolder } from "../project_folder.ts";
import { systemClock } from "../system_clock.ts";
import { inTurns } from "./turns.ts";

const probesAtATime = 4;

export interface InspectionOptions {
  /** With the environment it is looked at for. */
  readonly config: HostConfig;
  readonly trustedFolders: readonly string[];
  /** `.env` of the working folder. */
  readonly envFile: string;
}

export interface InspectedPlugin {
  readonly source: PluginSource;
  /** Of its manifest, or the name of its file. */
  readonly id: string;
  readonly version: PluginVersion;
  /** What a host would do with it. */
  readonly target: Target;
  readonly grant: Grant | undefined;
}

export interface Inspection {
  readonly environment: Environment;
  readonly grants: GrantBook;
  readonly plugins: readonly InspectedPlugin[];
}

/**
 * Adapters first, then what lies in the plugin folders, by name.
 * @param more plugins that lie elsewhere
 * @throws {BerthError} CONFIG_UNREADABLE, CONFIG_INVALID when the grants are damaged
 */
export async function inspectPlugins(
  options: InspectionOptions,
  more: readonly PluginSource[] = [],
): Promise<Inspection> {
  const { config, trustedFolders } = options;
  const folders = [...new Set([...config.pluginFolders, ...trustedFolders])];
  const venues = (await findPlugins(exchangesFolder)).filter(({ name }) => isVenueEnabled(config, name));
  const found = [...venues, ...(await Promise.all(folders.map(findPlugins))).flat()];
  const others = more.filter(({ rootPath }) => found.every((source) => source.rootPath !== rootPath));
  const grants = await readGrants(grantsPath(config.dataDir));
  const slots = await examinedSlots([...found, ...others], config);
  const venueSecrets = new Set(slots.flatMap((slot) => {
    const manifest = manifestOf(slot);
    return manifest?.kind === "exchange" ? manifest.tradingSecrets : [];
  }));
  const rules = {
    environment: config.environment,
    grants,
    bundledFolders: [exchangesFolder],
    trustedFolders,
    configOf: (id: string) => config.plugins[id] ?? defaultPluginConfig,
    venueSecrets,
    guardedPaths: { secret: [config.dataDir, options.envFile], code: [projectFolder, ...folders] },
  };
  const plugins = slots.flatMap((slot): readonly InspectedPlugin[] => {
    const { source, newest } = slot;
    if (newest === undefined) return [];
    const id = newest.kind === "sound" ? newest.manifest.id : source.name;
    const grant = grants.grants.find(({ pluginId }) => pluginId === id);
    return [{ source, id, version: newest, target: targetOf(slot, slots, rules), grant }];
  });
  return { environment: config.environment, grants, plugins };
}

async function examinedSlots(
  sources: readonly PluginSource[],
  config: HostConfig,
): Promise<readonly Slot[]> {
  const folder = await Deno.makeTempDir({ prefix: "berth-" });
  const kind = sandboxKindOf(config.sandbox, isCompiled()) ?? "worker-in-process";
  const sandbox = createSandbox(kind, { clock: systemClock(), projectDir: projectFolder });
  const inTurn = inTurns(probesAtATime);
  try {
    return await Promise.all(sources.map(async (source) => {
      const bundled = isBundled(source, { bundledFolders: [exchangesFolder] });
      const newest = await inTurn(() => examine(source, { sandbox, folder, isBundled: bundled }));
      return { ...newSlot(source), newest };
    }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A plugin as the host that runs sees it. */
export interface HostView {
  readonly state: string;
  readonly why: string | undefined;
}

/** States by plugin id, of the host that runs on this data folder; undefined when none does. */
export function statesOfRunningHost(
  { dataDir, environment }: HostConfig,
): ReadonlyMap<string, HostView> | undefined {
  const folder = environmentFolder(dataDir, environment);
  if (!isHostRunning(folder)) return undefined;
  const states = new Map<string, HostView>();
  try {
    using reader = openJournalReader(journalPath(folder));
    const run = reader.runs(1)[0];
    if (run === undefined) return states;
    const filter = { kinds: ["plugin_state"], runId: run.runId };
    for (const { plugin, body } of reader.records(filter, { limit: 100_000 })) {
      const view = viewOf(body);
      if (plugin !== undefined && view !== undefined) states.set(plugin, view);
    }
  } catch (error) {
    if (!(error instanceof BerthError)) throw error; // it is starting: nothing can be read yet
  }
  return states;
}

function viewOf(body: unknown): HostView | undefined {
  if (typeof body !== "object" || body === null || !("kind" in body)) return undefined;
  const why = "update" in body ? whyIn(body.update) : whyIn(body);
  return { state: String(body.kind), why };
}

const whyIn = (found: unknown): string | undefined =>
  typeof found === "object" && found !== null && "why" in found && found.why !== ""
    ? String(found.why)
    : undefined;

/** Whether some host holds the lock of an environment's folder. */
function isHostRunning(folder: string): boolean {
  try {
    using file = Deno.openSync(join(folder, "host.lock"), { read: true });
    return !file.tryLockSync(false); // the lock is ours to the end of this function at most
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
