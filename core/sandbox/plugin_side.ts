/**
 * What runs around a plugin in its own process or thread: takes what the runtime needs of the platform, locks everything
 * else away, and loads the plugin when the host says hello. A plugin is never the entry itself: static imports of an
 * entry are not checked against permissions.
 */
import { setImmediate as startImmediate } from "node:timers";
import { encodeMessage } from "../protocol/codec.ts";
import { frameKinds, FrameWriter } from "../protocol/stream.ts";
import type { Platform } from "../sdk/plugin_time.ts";
import { runPlugin } from "../sdk/runtime.ts";
// Loaded here so that a plugin's own import of the SDK finds it in memory.
import "../sdk/mod.ts";
import { enforceImportPolicy } from "./import_policy.ts";
import { lockDown } from "./lockdown.ts";
import { type Preamble, readPreamble } from "./preamble.ts";

/** The byte stream to the host, and the way out. */
export interface PluginSideIo {
  /** The next bytes, valid until the next call; undefined when the host is gone. */
  read(): Promise<Uint8Array | undefined>;
  /** Written when it returns. */
  write(bytes: Uint8Array): void;
  exit(code: number): void;
}

const coreUrl = new URL("../", import.meta.url).href;
const loaderUrl = import.meta.url;
const { memoryUsage } = Deno;
const { performance, setTimeout: startTimer, clearTimeout: stopTimer } = globalThis;
const now = performance.now.bind(performance);
const wallMs = Date.now.bind(Date);
const { timeOrigin } = performance;

/** mulberry32, as in the host: equal seeds give equal runs. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

let originMs = timeOrigin;
const platform: Platform = {
  epochMs: wallMs,
  epochUs() {
    const wall = wallMs();
    const elapsed = now();
    if (Math.abs(originMs + elapsed - wall) > 5) originMs = wall - elapsed;
    return Math.round((originMs + elapsed) * 1000);
  },
  monotonicMs: now,
  after(delayMs, task) {
    const timer = startTimer(task, delayMs);
    return () => stopTimer(timer);
  },
  nextTurn: (task) => void startImmediate(task),
  heapUsedBytes: () => memoryUsage().heapUsed,
  seededRandom,
};

/** Runs the plugin whose preamble comes first in the stream. */
export async function runPluginSide(io: PluginSideIo): Promise<void> {
  const { preamble, rest } = await readPreamble(() => io.read());
  if (preamble === undefined) return io.exit(1);
  await runPluginOf(preamble, rest, io);
}

/** Runs one plugin to its end. @param rest bytes that came behind the preamble */
export async function runPluginOf(preamble: Preamble, rest: Uint8Array, io: PluginSideIo): Promise<void> {
  const load = lockAround(preamble, io);
  const input = async function* (): AsyncGenerator<Uint8Array> {
    if (rest.length > 0) yield rest;
    for (;;) {
      const chunk = await io.read();
      if (chunk === undefined) return;
      yield chunk;
    }
  };
  await runPlugin({ load, input: input(), output: io, platform, exit: (code) => io.exit(code) });
}

/** Locks the door; what comes back is the only way to load the plugin. */
function lockAround(
  { modules, permissions, pluginId }: Preamble,
  io: PluginSideIo,
): () => Promise<unknown> {
  const lines = new FrameWriter(io, {
    maxQueuedBytes: 1 << 20,
    onOverflow: () => io.exit(1),
    onError: () => io.exit(1),
  });
  const policy = enforceImportPolicy({ ...modules, pluginId, coreUrl, loaderUrl });
  lockDown({
    granted: {
      net: permissions.net.length > 0,
      read: permissions.read.length > 0,
      write: permissions.write.length > 0,
    },
    hasPackages: modules.packages.length > 0,
    log: (level, message) =>
      lines.frame(
        frameKinds.message,
        encodeMessage({ type: "log", level, message, fields: { from: "console" } }),
      ),
  });
  return async () => {
    try {
      return await import(policy.entryUrl);
    } catch (error) {
      const refusal = policy.firstRefusal();
      throw refusal !== undefined && String(error).includes(`[${refusal.code}]`) ? refusal : error;
    }
  };
}
