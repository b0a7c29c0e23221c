/**
 * What the operator allowed: one record per approved plugin, bound to a fingerprint of its files and manifest, kept
 * in `grants.json` (mode 0600) in the data folder.
 *
 * Invariants:
 * 1. Live money never moves for a plugin whose exact fingerprint was not approved for live.
 * 2. A plugin that asks for network, files or secrets never runs unless these powers were approved, in any mode.
 * 3. A file that can't be read grants nothing.
 */
import * as v from "valibot";
import { dirname, join } from "node:path";
import { BerthError } from "../../errors.ts";
import type { Environment, Manifest } from "../../sdk/manifest.ts";
import { checkManifest } from "./manifest_schema.ts";
import { asksForSystem, comparePowers, type PowerChange, powersOf } from "./plain_words.ts";

export interface Grant {
  readonly pluginId: string;
  readonly fingerprint: string;
  /** As it was approved: later versions are compared with it. */
  readonly manifest: Manifest;
  /** Approved for real money too. */
  readonly live: boolean;
  readonly tsApprovedMs: number;
}

/** The operator's switches beside grants: plugins that must not start though they could. */
export interface GrantBook {
  readonly grants: readonly Grant[];
  readonly disabled: readonly string[];
  /** Plugins that start off by their manifest and were switched on. */
  readonly enabled: readonly string[];
}

export const emptyGrantBook: GrantBook = { grants: [], disabled: [], enabled: [] };

export type Decision =
  | {
    readonly kind: "run";
    readonly why: "approved" | "asks_for_nothing" | "trusted" | "bundled" | "narrower_update";
  }
  | {
    readonly kind: "wait";
    readonly change: PowerChange | undefined;
    readonly words: readonly string[];
    readonly why: string;
  }
  | { readonly kind: "disabled" };

export interface DecisionInput {
  readonly manifest: Manifest;
  readonly fingerprint: string;
  readonly environment: Environment;
  /** The plugin lies in a folder named by --trust. */
  readonly isTrusted: boolean;
  /** The plugin came with berth itself (`exchanges/`, `plugins/` of the release, unchanged). */
  readonly isBundled: boolean;
}

const isRealMoney = (environment: Environment): boolean => environment === "live";

/** Whether a plugin may run here and now. */
export function decide(book: GrantBook, input: DecisionInput): Decision {
  const { manifest, environment } = input;
  if (isSwitchedOff(book, manifest)) return { kind: "disabled" };
  const words = powersOf(manifest).map((power) => power.words);
  const grant = book.grants.find((candidate) => candidate.pluginId === manifest.id);
  if (isRealMoney(environment)) {
    if (grant?.live === true && grant.fingerprint === input.fingerprint) {
      return { kind: "run", why: "approved" };
    }
    const change = grant === undefined ? undefined : comparePowers(grant.manifest, manifest);
    const why = grant === undefined
      ? "real money always waits for your approval"
      : grant.fingerprint === input.fingerprint
      ? "it is approved for simulation only"
      : "its files changed since you approved it";
    return { kind: "wait", change, words, why };
  }
  if (grant?.fingerprint === input.fingerprint) return { kind: "run", why: "approved" };
  if (input.isTrusted) return { kind: "run", why: "trusted" };
  if (input.isBundled) return { kind: "run", why: "bundled" };
  if (!asksForSystem(manifest)) return { kind: "run", why: "asks_for_nothing" };
  if (grant === undefined) {
    return { kind: "wait", change: undefined, words, why: "it asks for more than market data and orders" };
  }
  const change = comparePowers(grant.manifest, manifest);
  return change.direction === "wider"
    ? { kind: "wait", change, words, why: "it asks for more than you approved" }
    : { kind: "run", why: "narrower_update" };
}

/** The book with this grant in place of an older one of the same plugin. */
export function approve(book: GrantBook, grant: Grant): GrantBook {
  return { ...book, grants: [...book.grants.filter((other) => other.pluginId !== grant.pluginId), grant] };
}

/** The book without the plugin's grant. */
export function revoke(book: GrantBook, pluginId: string): GrantBook {
  return { ...book, grants: book.grants.filter((grant) => grant.pluginId !== pluginId) };
}

/** Switches a plugin off or on, whatever it was granted. */
export function setDisabled(book: GrantBook, pluginId: string, isDisabled: boolean): GrantBook {
  const others = (ids: readonly string[]): readonly string[] => ids.filter((id) => id !== pluginId);
  const [disabled, enabled] = [others(book.disabled), others(book.enabled)];
  return isDisabled
    ? { ...book, disabled: [...disabled, pluginId], enabled }
    : { ...book, disabled, enabled: [...enabled, pluginId] };
}

/** Off by the operator's word, or by the plugin's own as long as the operator said nothing. */
export function isSwitchedOff(book: GrantBook, manifest: Pick<Manifest, "id" | "startsDisabled">): boolean {
  if (book.disabled.includes(manifest.id)) return true;
  return manifest.startsDisabled === true && !book.enabled.includes(manifest.id);
}

const fileSchema = v.strictObject({
  version: v.literal(1),
  disabled: v.array(v.string()),
  enabled: v.optional(v.array(v.string()), []),
  grants: v.array(v.strictObject({
    pluginId: v.string(),
    fingerprint: v.pipe(v.string(), v.hexadecimal()),
    manifest: v.unknown(),
    live: v.boolean(),
    tsApprovedMs: v.number(),
  })),
});

/** Where the grants of a data folder lie; all environments share them. */
export const grantsPath = (dataDir: string): string => join(dataDir, "grants.json");

/**
 * Reads the grants of a data folder; a missing file has none.
 * @throws {BerthError} CONFIG_UNREADABLE, CONFIG_INVALID: a damaged file grants nothing and must be seen
 */
export async function readGrants(path: string): Promise<GrantBook> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return emptyGrantBook;
    throw new BerthError("CONFIG_UNREADABLE", { file: path, reason: "it can't be opened" }, { cause: error });
  }
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (cause) {
    throw new BerthError("CONFIG_UNREADABLE", { file: path, reason: "it is no JSON" }, { cause });
  }
  const parsed = v.safeParse(fileSchema, found);
  if (!parsed.success) {
    const issue = parsed.issues[0];
    throw new BerthError("CONFIG_INVALID", {
      file: path,
      field: v.getDotPath(issue) ?? "the file",
      found: "damaged",
      expected: issue.message,
    });
  }
  const grants = parsed.output.grants.flatMap((grant): readonly Grant[] => {
    const checked = checkManifest(grant.manifest);
    // A manifest of an older SDK no longer validates: its grant lapses and the plugin waits again.
    return checked.kind === "valid" ? [{ ...grant, manifest: checked.value }] : [];
  });
  return { grants, disabled: parsed.output.disabled, enabled: parsed.output.enabled };
}

/**
 * Changes the grants, one after the other if several commands do at the same time.
 * @throws {BerthError} CONFIG_UNREADABLE, CONFIG_INVALID
 */
export async function changeGrants(path: string, change: (book: GrantBook) => GrantBook): Promise<GrantBook> {
  await Deno.mkdir(dirname(path), { recursive: true });
  using lock = await Deno.open(`${path}.lock`, { read: true, write: true, create: true });
  await lock.lock(true);
  const changed = change(await readGrants(path));
  await writeGrants(path, changed);
  return changed;
}

/** Writes the grants whole: a new file of mode 0600 that replaces the old one in one step. */
export async function writeGrants(path: string, book: GrantBook): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(temporary, JSON.stringify({ version: 1, ...book }, null, 2) + "\n", {
    mode: 0o600,
    createNew: true,
  });
  await Deno.rename(temporary, path);
}
