/** `berth plugin list, show, approve, revoke, disable, enable`: what is there, what it asks for, what it may. */
import { basename, dirname, resolve } from "node:path";
import { BerthError } from "../errors.ts";
import { pluginAt } from "../host/plugins/discovery.ts";
import {
  approve,
  changeGrants,
  type Grant,
  grantsPath,
  isSwitchedOff,
  revoke,
  setDisabled,
} from "../host/plugins/grants.ts";
import { exitCodes } from "../host/config/options.ts";
import {
  type HostView,
  type InspectedPlugin,
  type Inspection,
  inspectPlugins,
  statesOfRunningHost,
} from "../host/plugins/plugin_inspection.ts";
import type { SoundVersion } from "../host/plugins/plugin_version.ts";
import { comparePowers, type PowerChange, powersOf } from "../host/plugins/plain_words.ts";
import type { HostConfig } from "../host/config/config.ts";
import { span } from "../terminal/styled_text.ts";
import { type Column, drawTable } from "../terminal/table.ts";
import type { PluginCommandOptions, PluginPlaceOptions } from "./plugin_options.ts";
import { existingFolders, readPlace } from "./place.ts";

export interface PluginSurroundings {
  readonly workingFolder: string;
  readonly nowMs: number;
  readonly write: (text: string) => void;
  /** Of the terminal; undefined where there is none. */
  readonly columns: number | undefined;
  /** Asks a person; undefined where there is none to ask. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
}

type Managing = Exclude<PluginCommandOptions, { readonly action: "new" | "check" }>;

/**
 * @returns the exit code
 * @throws {BerthError} PLUGIN_UNKNOWN, PLUGIN_BROKEN, PLUGIN_APPROVAL_UNCONFIRMED, CONFIG_UNREADABLE, CONFIG_INVALID
 */
export async function managePlugins(options: Managing, around: PluginSurroundings): Promise<number> {
  const look = await lookAt(options, around.workingFolder);
  switch (options.action) {
    case "list":
      list(look, options.asJson, around);
      return exitCodes.ok;
    case "show":
      show(look, pick(look, options.plugin), options.asJson, around.write);
      return exitCodes.ok;
    case "approve":
      return await approvePlugin(look, options, around);
    case "revoke":
    case "disable":
    case "enable":
      return await change(look, options.action, options.plugin, options.asJson, around.write);
    default:
      return options satisfies never;
  }
}

interface Look {
  readonly config: HostConfig;
  readonly inspection: Inspection;
  /** Undefined: no host runs. */
  readonly host: ReadonlyMap<string, HostView> | undefined;
  /** The plugin that was named by a path. */
  readonly namedPath: string | undefined;
}

async function lookAt(options: Managing, workingFolder: string): Promise<Look> {
  const { config } = await configOf(options, workingFolder);
  const trustedFolders = await existingFolders("--trust", options.trustedFolders, workingFolder);
  const path = "plugin" in options ? resolve(workingFolder, options.plugin) : undefined;
  const named = path === undefined ? undefined : await pluginAt(dirname(path), basename(path));
  const inspection = await inspectPlugins(
    { config, trustedFolders, envFile: resolve(workingFolder, ".env") },
    named === undefined ? [] : [named],
  );
  return { config, inspection, host: statesOfRunningHost(config), namedPath: named?.rootPath };
}

async function configOf(
  options: PluginPlaceOptions,
  workingFolder: string,
): Promise<{ readonly config: HostConfig }> {
  const place = await readPlace(options, workingFolder);
  const folders = await existingFolders("--plugins", options.pluginFolders, workingFolder);
  return folders.length === 0 ? place : { config: { ...place.config, pluginFolders: [...folders] } };
}

function pick({ inspection, namedPath }: Look, name: string): InspectedPlugin {
  const { plugins } = inspection;
  const found = plugins.find(({ source }) => source.rootPath === namedPath) ??
    plugins.find(({ id, version }) => id === name && version.kind === "sound") ??
    plugins.find(({ id, source }) => id === name || source.name === name);
  if (found !== undefined) return found;
  const known = plugins.map(({ id }) => id).join(", ");
  throw new BerthError("PLUGIN_UNKNOWN", { name, known: known === "" ? "none" : known });
}

// ---- list

interface Row {
  readonly id: string;
  readonly version: string;
  readonly kind: string;
  /** What a host that is started now would do. */
  readonly verdict: string;
  readonly why: string;
  readonly approved: string;
  /** What the host that runs does. */
  readonly running: string;
}

const approvedWords = (grant: Grant | undefined, { version }: InspectedPlugin): string => {
  if (grant === undefined) return "no";
  const isThis = version.kind === "sound" && version.fingerprint === grant.fingerprint;
  return `${isThis ? "" : "an earlier one, "}${grant.live ? "live too" : "not live"}`;
};

function rowOf(plugin: InspectedPlugin, host: ReadonlyMap<string, HostView> | undefined): Row {
  const { id, version, target, grant } = plugin;
  const { decision, state } = target;
  const manifest = version.kind === "sound" ? version.manifest : undefined;
  const mayRun = target.version !== undefined;
  const its = host?.get(id);
  return {
    id,
    version: manifest?.version ?? "-",
    kind: manifest?.kind ?? "-",
    verdict: mayRun ? "may_run" : state.kind,
    why: mayRun ? (decision?.kind === "run" ? decision.why : "") : "why" in state ? state.why : "",
    approved: approvedWords(grant, plugin),
    running: host === undefined ? "-" : its?.state ?? "unknown",
  };
}

const column = (heading: string, dropRank: number, cell: (row: Row) => string): Column<Row> => ({
  heading,
  alignment: "left",
  minWidth: heading.length,
  dropRank,
  cell: (row) => span(cell(row)),
});
/** A long reason would drive the other columns out; `show` has it whole. */
const cut = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text);
const columns: readonly Column<Row>[] = [
  column("plugin", 0, ({ id }) => id),
  column("version", 2, ({ version }) => version),
  column("kind", 3, ({ kind }) => kind),
  column("a host would", 0, ({ verdict }) => verdict === "may_run" ? "run it" : verdict.replaceAll("_", " ")),
  column("approved", 1, ({ approved }) => approved),
  column("it is", 1, ({ running }) => running.replaceAll("_", " ")),
  column("why", 0, ({ why }) => cut(why.replaceAll("_", " "))),
];

function list({ inspection, host, config }: Look, asJson: boolean, around: PluginSurroundings): void {
  const { write } = around;
  if (asJson) {
    for (const plugin of inspection.plugins) write(`${JSON.stringify(jsonOf(plugin, host))}\n`);
    return;
  }
  const rows = inspection.plugins.map((plugin) => rowOf(plugin, host));
  const { heading, rows: lines } = drawTable(columns, rows, around.columns ?? 160);
  const text = [heading, ...lines].map((line) => line.map((part) => part.text).join("").trimEnd());
  write(`${text.join("\n")}\n\n`);
  write(`In ${config.environment}; a host ${host === undefined ? "does not run" : "runs"}. `);
  write("berth plugin show PLUGIN says more.\n");
}

// ---- show

function changeSinceGrant(plugin: InspectedPlugin): PowerChange | undefined {
  const { version, grant } = plugin;
  if (version.kind === "broken" || grant === undefined || grant.fingerprint === version.fingerprint) {
    return undefined;
  }
  return comparePowers(grant.manifest, version.manifest);
}

function jsonOf(plugin: InspectedPlugin, host: ReadonlyMap<string, HostView> | undefined): object {
  const { id, source, version, target, grant } = plugin;
  const { verdict, why } = rowOf(plugin, host);
  const sound = version.kind === "sound" ? version : undefined;
  return {
    id,
    path: source.rootPath,
    kind: sound?.manifest.kind ?? null,
    version: sound?.manifest.version ?? null,
    fingerprint: sound?.fingerprint ?? null,
    verdict,
    why,
    asks: sound === undefined ? [] : powersOf(sound.manifest).map(({ words }) => words),
    change: changeSinceGrant(plugin) ?? null,
    grant: grant === undefined
      ? null
      : { fingerprint: grant.fingerprint, isLive: grant.live, tsApprovedMs: grant.tsApprovedMs },
    host: host?.get(id) ?? null,
    update: target.update ?? null,
  };
}

const bullets = (words: readonly string[]): string => words.map((one) => `  - ${one}\n`).join("");

function show(
  { host, config }: Look,
  plugin: InspectedPlugin,
  asJson: boolean,
  write: (text: string) => void,
): void {
  if (asJson) {
    const settings = plugin.version.kind === "sound" ? plugin.version.manifest.settings : {};
    return write(`${JSON.stringify({ ...jsonOf(plugin, host), settings })}\n`);
  }
  const { id, source, version, grant } = plugin;
  const { verdict, why, approved, running } = rowOf(plugin, host);
  if (version.kind === "broken") {
    return write(`${id} (${source.rootPath}) is broken:\n${bullets(version.why.split("; "))}`);
  }
  const { manifest, fingerprint } = version;
  write(`${id} ${manifest.version}, ${manifest.kind} by ${manifest.author}\n${manifest.description}\n`);
  write(`${source.rootPath}\n\n`);
  writePowers(version, plugin, write);
  const settings = Object.entries(manifest.settings);
  if (settings.length > 0) write("\nSettings:\n");
  for (const [name, one] of settings) {
    write(`  ${name} = ${JSON.stringify(one.default)}  ${one.description}\n`);
  }
  const mayRun = verdict === "may_run" ? "would run it" : `would not run it: ${verdict.replaceAll("_", " ")}`;
  write(
    `\nA host in ${config.environment} ${mayRun}${why === "" ? "" : ` (${why.replaceAll("_", " ")})`}.\n`,
  );
  if (host !== undefined) write(`The host that runs has it as ${running.replaceAll("_", " ")}.\n`);
  const when = grant === undefined ? "" : `, on ${new Date(grant.tsApprovedMs).toISOString()}`;
  write(`Approved: ${approved}${when}. Fingerprint ${fingerprint}.\n`);
}

/** What it asks for, money first; after an update only what changed. */
function writePowers(
  { manifest }: SoundVersion,
  plugin: InspectedPlugin,
  write: (text: string) => void,
): void {
  const change = changeSinceGrant(plugin);
  if (change === undefined) {
    const words = powersOf(manifest).map((power) => power.words);
    return write(
      words.length === 0 ? `${plugin.id} asks for nothing.\n` : `${plugin.id} asks for:\n${bullets(words)}`,
    );
  }
  write(`Its files changed since you approved it. ${directionWords[change.direction]}\n`);
  if (change.gained.length > 0) write(`It asks for, in addition:\n${bullets(change.gained)}`);
  if (change.lost.length > 0) write(`It no longer asks for:\n${bullets(change.lost)}`);
}

const directionWords = {
  same: "It may do what it could before.",
  narrower: "Its power narrows.",
  wider: "Its power WIDENS.",
} as const;

// ---- approve and the rest

async function approvePlugin(
  look: Look,
  options: Extract<Managing, { readonly action: "approve" }>,
  around: PluginSurroundings,
): Promise<number> {
  const plugin = pick(look, options.plugin);
  const { id, version, grant, target } = plugin;
  const { write } = around;
  if (version.kind === "broken") throw new BerthError("PLUGIN_BROKEN", { name: id, reason: version.why });
  if (target.state.kind === "broken" && target.version === undefined) {
    throw new BerthError("PLUGIN_BROKEN", { name: id, reason: target.state.why });
  }
  const { isLive, asJson } = options;
  const isDone = grant?.fingerprint === version.fingerprint && (grant.live || !isLive);
  const isLosingLive = grant?.live === true && !isLive && !isDone;
  if (!asJson) {
    if (isDone) write(`${id} is approved already.\n`);
    else {
      writePowers(version, plugin, write);
      write(isLive ? "\nThis is for REAL MONEY too.\n" : "\nThis is not for real money (--live is).\n");
      if (isLosingLive) write("The version before was approved for real money; this one will not be.\n");
    }
  }
  if (!isDone) {
    const answer = options.isConfirmed || asJson || around.ask === undefined
      ? (options.isConfirmed ? "y" : "")
      : await around.ask(`Approve ${id} ${version.manifest.version}? [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) {
      throw new BerthError("PLUGIN_APPROVAL_UNCONFIRMED", { pluginId: id });
    }
    // What is written down is the fingerprint of what was shown, whatever the file has become meanwhile.
    const { fingerprint, manifest } = version;
    const added: Grant = {
      pluginId: id,
      fingerprint,
      manifest,
      live: isLive,
      tsApprovedMs: around.nowMs,
    };
    await changeGrants(grantsPath(look.config.dataDir), (book) => approve(book, added));
  }
  if (asJson) {
    const change = changeSinceGrant(plugin) ?? null;
    write(
      `${JSON.stringify({ id, fingerprint: version.fingerprint, isLive, isNew: !isDone, change })}\n`,
    );
  } else if (!isDone) {
    write(`${id} is approved${isLive ? ", for real money too" : ""}. ${followed(look)}\n`);
  }
  return exitCodes.ok;
}

const followed = ({ host }: Look): string =>
  host === undefined ? "It holds from the next start." : "The host that runs follows within a second.";

async function change(
  look: Look,
  action: "revoke" | "disable" | "enable",
  name: string,
  asJson: boolean,
  write: (text: string) => void,
): Promise<number> {
  const book = look.inspection.grants;
  const { grants, disabled } = book;
  // What is no longer in a folder can still have a grant that should go.
  const isKnown = grants.some(({ pluginId }) => pluginId === name) || disabled.includes(name);
  const id = isKnown ? name : pick(look, name).id;
  const version = isKnown
    ? look.inspection.plugins.find((one) => one.id === id)?.version
    : pick(look, name).version;
  const isOff = version?.kind === "sound" ? isSwitchedOff(book, version.manifest) : disabled.includes(id);
  const isChanging = action === "revoke"
    ? grants.some(({ pluginId }) => pluginId === id)
    : isOff === (action === "enable");
  if (isChanging) {
    await changeGrants(
      grantsPath(look.config.dataDir),
      (book) => action === "revoke" ? revoke(book, id) : setDisabled(book, id, action === "disable"),
    );
  }
  if (asJson) write(`${JSON.stringify({ id, action, isChanged: isChanging })}\n`);
  else if (!isChanging) write(`${id} ${unchangedWords[action]}.\n`);
  else write(`${id} is ${doneWords[action]}. ${followed(look)}\n`);
  return exitCodes.ok;
}

const doneWords = { revoke: "no longer approved", disable: "disabled", enable: "enabled" } as const;
const unchangedWords = {
  revoke: "was not approved",
  disable: "is disabled already",
  enable: "is not disabled",
} as const;
