/** Reads a plugin's manifest in a sandbox with no permissions at all, which is thrown away afterwards. */
import { BerthError, describeError } from "../../errors.ts";
import { type PluginId, pluginId } from "../../model/ids.ts";
import { protocolVersion } from "../../protocol/messages.ts";
import { defaultLimits, type Sandbox } from "../../sandbox/sandbox.ts";
import type { Manifest } from "../../sdk/manifest.ts";
import type { PluginSource } from "./discovery.ts";
import { checkManifest } from "./manifest_schema.ts";

export type Probed =
  | { readonly kind: "manifest"; readonly manifest: Manifest }
  | {
    readonly kind: "broken";
    readonly why: string;
    /** It was killed from outside (too slow, too much memory): another look may find it sound. */
    readonly mayHeal: boolean;
  };

const probeLimits = { ...defaultLimits, heapMb: 96, rssMb: 256, startTimeoutMs: 8_000 };
/** Packages that a module may load while only its manifest is read: those of the adapters that come with berth. */
const probePackages = ["@msgpack/msgpack", "@noble/hashes", "@noble/curves", "valibot"];

/** Errors name the plugin by its file until its manifest is read. */
function nameFor({ name }: PluginSource): PluginId {
  const cleaned = name.toLowerCase().replaceAll(/[^a-z0-9_]/g, "_").replace(/^[^a-z]+/, "").slice(0, 48);
  return pluginId(cleaned.length < 2 ? "plugin" : cleaned);
}

/** What the plugin says of itself, checked; or why it can't be believed. @param signal ends it early */
export async function probeManifest(
  sandbox: Sandbox,
  source: PluginSource,
  isBundled: boolean,
  filesHash?: string,
  signal?: AbortSignal,
): Promise<Probed> {
  let found: unknown;
  let hasAnswered = false;
  const process = sandbox.start({
    pluginId: nameFor(source),
    role: "probe",
    entryPath: source.entryPath,
    rootPath: source.rootPath,
    filesHash,
    permissions: { net: [], read: [], write: [] },
    packages: isBundled ? probePackages : [],
    limits: probeLimits,
    hello: { type: "hello", role: "probe", protocolVersion },
  }, {
    onRecords: () => undefined,
    onBook: () => undefined,
    onErrorLine: () => undefined,
    onExit: () => undefined,
    onMessage: (message) => {
      if (message.type !== "manifest") return;
      hasAnswered = true;
      found = message.manifest;
    },
  });
  const end = (): void => {
    void process.kill(new BerthError("PLUGIN_STOP_LATE", { pluginId: source.name, deadlineMs: 0 }));
  };
  signal?.addEventListener("abort", end);
  if (signal?.aborted === true) end();
  const exit = await process.exited;
  signal?.removeEventListener("abort", end);
  if (!hasAnswered) {
    return {
      kind: "broken",
      why: exit.reason === undefined ? "it ended without showing a manifest" : describeError(exit.reason),
      mayHeal: exit.signal !== undefined,
    };
  }
  const checked = checkManifest(found);
  if (checked.kind === "valid") return { kind: "manifest", manifest: checked.value };
  return {
    kind: "broken",
    why: checked.faults.map((fault) =>
      `manifest field ${fault.field} is ${fault.found}; expected ${fault.expected}`
    ).join("; "),
    mayHeal: false,
  };
}
